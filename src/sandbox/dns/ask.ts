/** One question to one server: UDP, then TCP when the answer was truncated. */

import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { framed } from "./server.ts";
import { decodeResponse, encodeQuestion, type Response } from "./wire.ts";

/** Undefined: no answer in time. @param timeoutMs for each transport. */
export const ask = async (
  endpoint: string,
  id: number,
  name: string,
  type: string,
  timeoutMs = 2000,
): Promise<Response | undefined> => {
  const message = encodeQuestion(id, name, type);
  const answer = await overUdp(endpoint, message, id, timeoutMs);
  return answer?.truncated ? overTcp(endpoint, message, id, timeoutMs) : answer;
};

const split = (endpoint: string): { host: string; port: number } => {
  const colon = endpoint.lastIndexOf(":");
  return { host: endpoint.slice(0, colon), port: Number(endpoint.slice(colon + 1)) };
};

type Exchange = (endpoint: string, message: Buffer, id: number, timeoutMs: number) => Promise<Response | undefined>;

const overUdp: Exchange = (endpoint, message, id, timeoutMs) =>
  new Promise((resolve) => {
    const { host, port } = split(endpoint);
    const socket = createSocket("udp4");
    const end = (response?: Response): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => undefined);
      socket.close();
      resolve(response);
    };
    const timer = setTimeout(end, timeoutMs);
    socket.on("error", () => end());
    socket.on("message", (bytes, peer) => {
      const response = decodeResponse(bytes);
      if (response?.id === id && peer.port === port) end(response);
    });
    socket.send(message, port, host, (error) => {
      if (error) end();
    });
  });

const overTcp: Exchange = (endpoint, message, id, timeoutMs) =>
  new Promise((resolve) => {
    const { host, port } = split(endpoint);
    const socket = connect(port, host);
    const end = (response?: Response): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(response);
    };
    const timer = setTimeout(end, timeoutMs);
    let received: Buffer = Buffer.alloc(0);
    socket.on("error", () => end());
    socket.on("close", () => end());
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const response = decodeResponse(received.subarray(2));
      end(response?.id === id ? response : undefined);
    });
    socket.write(framed(message));
  });
