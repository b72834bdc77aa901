import { createConnection } from "node:net";
import { badRequest } from "../api/status.ts";
import type { Channels, NodeAnswer, NodeCall, Obj } from "../types.ts";

/** Where on loopback a port of a pod is served; undefined: nothing listens there. */
export type ServedAt = (pod: Obj, port: number) => number | undefined;

/** What a kubelet speaks over WebSockets (cri/streaming/portforward/websocket.go); a client that names none gets the same. */
const PROTOCOL = "v4.channel.k8s.io";

/**
 * Answers the `portforward` subresource of pods: for each port a channel of bytes and one of errors, both with the port in front. The newer
 * `SPDY/3.1+portforward.k8s.io` is not spoken here. Throws StatusError.
 */
export const portForward = (servedAt: ServedAt, { pod, query, headers }: NodeCall): NodeAnswer => {
  if (headers.upgrade?.toLowerCase() !== "websocket") throw badRequest("Upgrade request required");
  if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  const ports = (query.ports ?? "").split(",").map(Number);
  if (!ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536))
    return { status: 400, body: 'query parameter "port" is required' };
  const asked = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const protocol = asked.includes(PROTOCOL) ? PROTOCOL : "";
  if (protocol === "" && asked.some((name) => name !== ""))
    return { status: 403, body: "unable to upgrade websocket connection: websocket: bad subprotocol" };
  const begin = (channels: Channels): void => carry(servedAt, pod, ports, channels);
  return { status: 101, body: "", upgrade: { protocol, begin } };
};

const carry = (servedAt: ServedAt, pod: Obj, ports: readonly number[], channels: Channels): void => {
  const connections = ports.map((port, index) => {
    const [data, errors] = [index * 2, index * 2 + 1];
    const prefix = Buffer.alloc(2);
    prefix.writeUInt16LE(port);
    channels.send(data, prefix);
    channels.send(errors, prefix);
    const fail = (why: string): void => {
      const { name, uid } = pod.metadata;
      const what = `error forwarding port ${port} to pod ${name}, uid ${uid}: failed to execute portforward in network namespace "/var/run/netns/cni-1": ${why}`;
      channels.send(errors, Buffer.from(what), channels.end);
    };
    const at = pod.status?.phase === "Running" ? servedAt(pod, port) : undefined;
    if (at === undefined) {
      const refused = `dial tcp4 127.0.0.1:${port}: connect: connection refused`;
      fail(`failed to connect to localhost:${port} inside namespace "1", IPv4: ${refused}`);
      return undefined;
    }
    const connection = createConnection({ host: "127.0.0.1", port: at, noDelay: true });
    connection.on("data", (bytes) => {
      connection.pause();
      channels.send(data, bytes, () => connection.resume());
    });
    connection.on("error", (error) => fail(error.message));
    connection.on("close", channels.end);
    return connection;
  });
  channels.begin(
    (channel, bytes) => {
      if (channel % 2 === 0) connections[channel / 2]?.write(bytes);
    },
    () => {
      for (const connection of connections) connection?.destroy();
    },
  );
};
