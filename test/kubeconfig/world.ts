import "reflect-metadata";
import type { X509Certificate } from "node:crypto";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import * as x509 from "@peculiar/x509";

const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const WEAK = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 1024,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};
type Keys = Parameters<typeof x509.X509CertificateGenerator.createSelfSigned>[0]["keys"];
const DAY = 86_400_000;

/** A certificate and its key, as PEM, and what signs with it. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly signer: { readonly certificate: x509.X509Certificate; readonly keys: Keys };
}

interface Wish {
  readonly by?: Identity;
  readonly isAuthority?: boolean;
  readonly isWeak?: boolean;
}

const pem = (der: ArrayBuffer, label: string): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString("base64")
    .replace(/(.{64})/g, "$1\n")
    .trimEnd()}\n-----END ${label}-----\n`;

/** For 127.0.0.1, localhost and api.test. */
const identity = async (name: string, { by, isAuthority = false, isWeak = false }: Wish = {}): Promise<Identity> => {
  const algorithm = isWeak ? WEAK : ECDSA;
  const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as Keys;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: by ? by.signer.certificate.subject : `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: (by?.signer.keys ?? keys).privateKey,
    signingAlgorithm: by ? ECDSA : algorithm,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + DAY),
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: "ip", value: "127.0.0.1" },
        { type: "dns", value: "localhost" },
        { type: "dns", value: "api.test" },
      ]),
    ],
  });
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: pem(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"),
    signer: { certificate, keys },
  };
};

/** What arrived at a server, as far as it says who asks and by which way. */
export interface Arrival {
  readonly server: string;
  readonly path: string;
  readonly authorization?: string;
  /** Common name of the client's certificate. */
  readonly certificate?: string;
  /** `impersonate-…` headers; several values joined by comma and blank. */
  readonly impersonate?: Readonly<Record<string, string>>;
  /** By SNI. */
  readonly asked?: string;
  readonly proxied?: true;
}

export interface KubeWorld {
  readonly root: Identity;
  readonly intermediate: Identity;
  readonly stranger: Identity;
  /** What the server `bare` shows: signed by the intermediate, which it does not send. */
  readonly leaf: Identity;
  readonly selfSigned: Identity;
  /** Signed by itself, with RSA of 1024 bits. */
  readonly weak: Identity;
  readonly client: Identity;
  /** `https://127.0.0.1:PORT` by name: `chain`, `bare`, `self`, `weak`, and `plain` by http. */
  readonly url: Readonly<Record<"chain" | "bare" | "self" | "weak" | "plain", string>>;
  /** `http://127.0.0.1:PORT` */
  readonly proxy: string;
  /** What has arrived since it was asked last. */
  readonly taken: () => readonly Arrival[];
  readonly close: () => Promise<void>;
}

export const kubeWorld = async (): Promise<KubeWorld> => {
  const root = await identity("Root", { isAuthority: true });
  const intermediate = await identity("Intermediate", { isAuthority: true, by: root });
  const leaf = await identity("leaf", { by: intermediate });
  const [selfSigned, weak, stranger, client] = await Promise.all([
    identity("self"),
    identity("weak", { isWeak: true }),
    identity("Stranger", { isAuthority: true }),
    identity("jane", { by: root }),
  ]);
  const arrivals: Arrival[] = [];
  const tunnelled = new Set<number | undefined>();
  const servers: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  const listen = async (server: net.Server): Promise<number> => {
    servers.push(server);
    server.on("connection", (socket: net.Socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  const answering =
    (name: string) =>
    (request: IncomingMessage, response: http.ServerResponse): void => {
      arrivals.push(arrivalOf(name, request, tunnelled));
      response.writeHead(200, { "content-type": "application/json", connection: "close" });
      response.end(JSON.stringify({ major: "1", minor: "36", gitVersion: "v1.36.0" }));
    };
  const secure = async (name: string, { cert, key }: Pick<Identity, "cert" | "key">): Promise<string> =>
    `https://127.0.0.1:${await listen(
      https.createServer(
        { cert, key, requestCert: true, rejectUnauthorized: false, ca: root.cert, ciphers: "DEFAULT:@SECLEVEL=0" },
        answering(name),
      ),
    )}`;
  const url = {
    chain: await secure("chain", { cert: leaf.cert + intermediate.cert, key: leaf.key }),
    bare: await secure("bare", leaf),
    self: await secure("self", selfSigned),
    weak: await secure("weak", weak),
    plain: `http://127.0.0.1:${await listen(http.createServer(answering("plain")))}`,
  };
  const proxy = http.createServer((_, response) => response.writeHead(405).end());
  proxy.on("connect", ({ url: target = "" }: IncomingMessage, inner: net.Socket) => {
    const [host = "", wanted] = target.split(":");
    let port: number | undefined;
    const outer = net.connect(Number(wanted), host, () => {
      port = outer.localPort;
      tunnelled.add(port);
      inner.write("HTTP/1.1 200 OK\r\n\r\n");
      inner.pipe(outer).pipe(inner);
    });
    inner.on("error", () => outer.destroy()).on("close", () => outer.destroy());
    // The next one with this port may come straight.
    outer.on("error", () => inner.destroy()).on("close", () => tunnelled.delete(port));
  });
  const proxyPort = await listen(proxy);
  return {
    ...{ root, intermediate, stranger, leaf, selfSigned, weak, client, url },
    proxy: `http://127.0.0.1:${proxyPort}`,
    taken: () => arrivals.splice(0),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
};

const arrivalOf = (
  server: string,
  { url = "", headers, socket }: IncomingMessage,
  tunnelled: ReadonlySet<unknown>,
): Arrival => {
  const impersonate = Object.entries(headers)
    .filter(([name]) => name.startsWith("impersonate-"))
    .map(([name, value]) => [name, [value].flat().join(", ")] as const)
    .sort();
  const isSecure = socket instanceof TLSSocket;
  const shown = isSecure ? socket.getPeerX509Certificate() : undefined;
  const asked = isSecure ? socket.servername : undefined;
  return {
    server,
    path: url,
    ...(headers.authorization === undefined ? {} : { authorization: headers.authorization }),
    ...(shown ? { certificate: nameIn(shown) } : {}),
    ...(impersonate.length > 0 ? { impersonate: Object.fromEntries(impersonate) } : {}),
    ...(asked ? { asked } : {}),
    ...(tunnelled.has(socket.remotePort) ? { proxied: true } : {}),
  };
};

const nameIn = ({ subject }: X509Certificate): string => subject?.replace(/^CN=/, "") ?? "";
