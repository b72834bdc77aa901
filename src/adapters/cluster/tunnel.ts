import type { Duplex } from "node:stream";
import { sizeOf } from "../../ports/bounded.ts";

/** Leads a connected socket through an HTTP proxy to `host:port` (CONNECT, RFC 9110 section 9.3.6). */
export const httpTunnel = async (socket: Duplex, proxy: URL, host: string, port: number): Promise<void> => {
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const login = proxy.username
    ? `Proxy-Authorization: Basic ${Buffer.from(userOf(proxy).join(":")).toString("base64")}\r\n`
    : "";
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`);
  const reader = createReader(socket);
  const head = (await reader.until("\r\n\r\n")).toString("latin1");
  reader.release();
  const [, status = "", reason = ""] = head.match(/^HTTP\/1\.[01] (\d{3}) ?([^\r\n]*)/) ?? [];
  if (!status.startsWith("2")) throw refused(`${status} ${reason}`.trim() || "something that is not HTTP");
};

const SOCKS_REFUSALS = [
  "",
  "general failure",
  "not allowed",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "expired",
];

/** The same through a SOCKS 5 proxy, which resolves the name itself (RFC 1928; user name and password: RFC 1929). */
export const socksTunnel = async (socket: Duplex, proxy: URL, host: string, port: number): Promise<void> => {
  const reader = createReader(socket);
  const prefixed = (text: string): Buffer => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
  const [user, password] = userOf(proxy);
  socket.write(Buffer.from(user ? [5, 2, 0, 2] : [5, 1, 0]));
  const [version, method] = await reader.take(2);
  if (version !== 5) throw refused("something that is not SOCKS 5");
  if (method === 2) {
    socket.write(Buffer.concat([Buffer.from([1]), prefixed(user), prefixed(password)]));
    const [, status] = await reader.take(2);
    if (status !== 0) throw refused("wrong user name or password");
  } else if (method !== 0) throw refused("no acceptable way to log in");
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3]), prefixed(host), Buffer.from([port >> 8, port & 255])]));
  const [, reply = 1, , kind] = await reader.take(4);
  if (reply !== 0) throw refused(SOCKS_REFUSALS[reply] ?? `code ${reply}`);
  const addressLength = kind === 1 ? 4 : kind === 4 ? 16 : ((await reader.take(1))[0] ?? 0);
  await reader.take(addressLength + 2);
  reader.release();
};

const userOf = (proxy: URL): [string, string] => [
  decodeURIComponent(proxy.username),
  decodeURIComponent(proxy.password),
];

const refused = (answer: string): Error =>
  Object.assign(new Error(`the proxy answered: ${answer}`), { code: "ERR_PROXY_TUNNEL" });

/** As much as Node takes of an answer's head. */
const MOST_OF_HEAD = 16 * 2 ** 10;

/** Takes exact numbers of bytes off a socket; `release` hands the socket on. Nothing is left over: the client speaks first. */
const createReader = (socket: Duplex) => {
  let buffered: Buffer = Buffer.alloc(0);
  let failure: Error | undefined;
  let wake = (): void => {};
  const onData = (chunk: Buffer): void => {
    buffered = Buffer.concat([buffered, chunk]);
    wake();
  };
  const onEnd = (error?: Error): void => {
    failure ??= error ?? Object.assign(new Error("the proxy closed the connection"), { code: "ECONNRESET" });
    wake();
  };
  const onClose = (): void => onEnd();
  socket.on("data", onData).on("error", onEnd).on("end", onClose).on("close", onClose);
  const cut = async (length: () => number): Promise<Buffer> => {
    for (;;) {
      const size = length();
      if (size >= 0 && buffered.length >= size) {
        const taken = buffered.subarray(0, size);
        buffered = buffered.subarray(size);
        return taken;
      }
      if (failure) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    take: (size: number) => cut(() => size),
    until: (mark: string) =>
      cut(() => {
        const index = buffered.indexOf(mark);
        if (index < 0 && buffered.length > MOST_OF_HEAD) throw refused(`more than ${sizeOf(MOST_OF_HEAD)} of head`);
        return index < 0 ? -1 : index + mark.length;
      }),
    release: (): void => {
      socket.off("data", onData).off("error", onEnd).off("end", onClose).off("close", onClose);
    },
  };
};
