import { once } from "node:events";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { httpTunnel, socksTunnel } from "./tunnel.ts";

/** The way to a server, for one connection. */
export interface Route {
  readonly host: string;
  readonly port: number;
  readonly proxy?: URL;
  /** Absent: plain text. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly insecure: boolean;
  };
}

/**
 * Opens one connection, through the proxy if there is one, TLS included; rejects with ETIMEDOUT when all of it together takes
 * longer than `timeoutMs`. Node's own `proxyEnv` has no such limit: behind a proxy that stays silent its requests never end.
 */
export const connect = async (route: Route, timeoutMs: number): Promise<Duplex> => {
  const { proxy } = route;
  const first = proxy ? { host: bare(proxy.hostname), port: Number(proxy.port) || defaultPort(proxy) } : route;
  const base = net.connect({
    host: first.host,
    port: first.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  });
  // An error before the connection is ready rejects the promise, and the agent listens afterwards. This listener keeps an error in between from ending the process.
  base.on("error", () => {});
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: "ETIMEDOUT" })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([establish(base, route, first.host), expired]);
  } catch (error) {
    base.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

const establish = async (
  base: net.Socket,
  { host, port, proxy, tls: settings }: Route,
  firstHost: string,
): Promise<Duplex> => {
  await once(base, "connect");
  let socket: Duplex = base;
  if (proxy) {
    if (proxy.protocol === "https:")
      socket = await secure(socket, { host: firstHost, servername: serverName(firstHost) });
    await (proxy.protocol.startsWith("socks") ? socksTunnel : httpTunnel)(socket, proxy, host, port);
  }
  if (!settings) return socket;
  const { insecure, servername = host, ...pem } = settings;
  return secure(socket, {
    ...pem,
    host: servername,
    servername: serverName(servername),
    rejectUnauthorized: !insecure,
  });
};

/** Reading certificates takes longer than the handshake with them: all connections with the same ones share what was read. */
const contexts = new Map<string, tls.SecureContext>();
/** Exec plugins make new client certificates again and again. */
const REMEMBERED = 16;

const contextOf = ({ ca, cert, key }: Pick<tls.ConnectionOptions, "ca" | "cert" | "key">): tls.SecureContext => {
  const id = JSON.stringify([ca, cert, key]);
  const known = contexts.get(id);
  if (known) return known;
  if (contexts.size >= REMEMBERED) contexts.clear();
  // As in Go, each certificate that is given is an anchor, also an intermediate or the server's own (X509_V_FLAG_PARTIAL_CHAIN).
  const context = tls.createSecureContext({ ca, cert, key, allowPartialTrustChain: true });
  contexts.set(id, context);
  return context;
};

const secure = async (socket: Duplex, options: tls.ConnectionOptions): Promise<Duplex> => {
  const secureContext = contextOf(options);
  // Set explicitly each time, because NODE_TLS_REJECT_UNAUTHORIZED decides where it is not.
  const secured = tls.connect({
    rejectUnauthorized: true,
    ...options,
    secureContext,
    socket,
    ALPNProtocols: ["http/1.1"],
  });
  await once(secured, "secureConnect");
  return secured;
};

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, "");

/** An address is not sent as SNI (RFC 6066 section 3). */
const serverName = (host: string): string => (net.isIP(host) ? "" : host);

const defaultPort = (url: URL): number => (url.protocol === "https:" ? 443 : url.protocol === "http:" ? 80 : 1080);
