import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { collect, TooMuch } from "../../ports/bounded.ts";
import { Silent } from "./silent.ts";
import { codeOf } from "./unreachable.ts";

export interface ExchangeOptions {
  readonly origin: URL;
  readonly agent: http.Agent;
  readonly method: string;
  /** With prefix and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | undefined;
  /** Client certificate, PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** From the connection to the answer's last byte. */
  readonly timeoutMs: number;
  /** How long nothing at all may come, in milliseconds. Absent: as long as `timeoutMs` allows. */
  readonly silentMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The answer has begun; its body waits to be read. */
export interface Opened {
  readonly response: IncomingMessage;
  readonly status: number;
  readonly signal: AbortSignal | undefined;
  /** The connection, where the server goes over to another protocol, and what of that has come already. */
  readonly upgraded?: { readonly socket: Duplex; readonly head: Buffer };
  /** Stops the clock and lets go of the signal. */
  readonly release: () => void;
}

export interface Answered {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** There was no answer, or it broke off. */
export interface Lost {
  readonly error: unknown;
  /** The request, or part of it, may have arrived. */
  readonly sent: boolean;
  /** It went over a connection that had been idle, which the server may just have closed. */
  readonly reused: boolean;
}

export const isLost = (outcome: Opened | Answered | Lost): outcome is Lost => "error" in outcome;

/** Sends one request and waits for the answer's head. Rejects only with the signal's reason. */
export const openExchange = (options: ExchangeOptions): Promise<Opened | Lost> =>
  new Promise((resolve, reject) => {
    const { origin, body, signal, timeoutMs, silentMs } = options;
    const client = origin.protocol === "https:" ? https : http;
    let sent = false;
    let timer: NodeJS.Timeout | undefined;
    const outgoing = client.request({
      agent: options.agent,
      host: origin.hostname,
      port: origin.port,
      method: options.method,
      path: options.path,
      ...(options.cert && options.key ? { cert: options.cert, key: options.key } : {}),
      headers: {
        ...(options.headers as http.OutgoingHttpHeaders),
        ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
      },
    });
    const abort = (): void => {
      release();
      outgoing.destroy();
      reject(signal?.reason);
    };
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    outgoing.on("socket", () => {
      sent = true;
      // From here on the limit for answers counts, no longer the one for connections.
      timer = setTimeout(() => {
        outgoing.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: "ETIMEDOUT" }));
      }, timeoutMs);
    });
    let answering: IncomingMessage | undefined;
    if (silentMs !== undefined)
      outgoing.setTimeout(silentMs, () => {
        // The error of what is destroyed first is the one that is told.
        (answering ?? outgoing).destroy(new Silent(silentMs));
      });
    outgoing.on("upgrade", (response, socket, head) =>
      resolve({ response, status: response.statusCode ?? 0, signal, release, upgraded: { socket, head } }),
    );
    outgoing.on("response", (response) => {
      answering = response;
      resolve({ response, status: response.statusCode ?? 0, signal, release });
    });
    outgoing.on("error", (error) => {
      release();
      resolve({ error, sent, reused: outgoing.reusedSocket });
    });
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort, { once: true });
    outgoing.end(body);
  });

const unzip = promisify(gunzip);

/** Reads an answer to its end; one of more than `most` bytes, unzipped, is {@link Lost} with {@link TooMuch}. */
export const readExchange = async (
  { response, status, signal, release }: Opened,
  most: number,
): Promise<Answered | Lost> => {
  try {
    const raw = await collect(response, most);
    const text = response.headers["content-encoding"] === "gzip" ? await unzipped(raw, most) : raw;
    return { status, headers: response.headers, text: text.toString("utf8") };
  } catch (error) {
    signal?.throwIfAborted();
    return { error, sent: true, reused: false };
  } finally {
    release();
  }
};

/** What is unzipped may be a thousand times what was sent. */
const unzipped = async (raw: Buffer, most: number): Promise<Buffer> => {
  try {
    return await unzip(raw, { maxOutputLength: most });
  } catch (error) {
    throw codeOf(error) === "ERR_BUFFER_TOO_LARGE" ? new TooMuch(most) : error;
  }
};
