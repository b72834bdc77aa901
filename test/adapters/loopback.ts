import "reflect-metadata";
import http, { type IncomingMessage, type Server, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import * as x509 from "@peculiar/x509";
import type { ClusterTarget } from "../../src/adapters/cluster/target.ts";
import type { Timing } from "../../src/adapters/cluster/timing.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of the test's own. */
export const createAuthority = async (name = "Test CA") => {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    notBefore: new Date(Date.now() - 365 * DAY),
    notAfter: new Date(Date.now() + DAY),
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  /** For DNS names and IP addresses, valid until `days` from now. */
  const issue = async (names: readonly string[], { days = 1, subject = names[0] ?? "" } = {}): Promise<KeyPair> => {
    const own = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${subject}`,
      issuer: root.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - 30 * DAY),
      notAfter: new Date(Date.now() + days * DAY),
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: /^\d+(\.\d+){3}$/.test(value) ? ("ip" as const) : ("dns" as const), value })),
        ),
      ],
    });
    const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", own.privateKey)).toString("base64");
    return {
      cert: certificate.toString("pem"),
      key: `-----BEGIN PRIVATE KEY-----\n${der.replace(/(.{64})/g, "$1\n").trimEnd()}\n-----END PRIVATE KEY-----\n`,
    };
  };
  return { ca: root.toString("pem"), issue };
};

/** What a test's server saw; `body` is parsed JSON. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
  readonly raw: IncomingMessage;
}

export type Handler = (seen: Seen, response: ServerResponse) => unknown;

export interface Loopback {
  readonly url: string;
  readonly port: number;
  readonly seen: readonly Seen[];
  readonly connections: () => number;
  /** Breaks every open connection. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/**
 * A server on 127.0.0.1. What the handler returns is sent as JSON with status 200, or as `{status, headers, body}`; a handler that
 * returns nothing has answered, or will.
 */
export const serve = async (
  handler: Handler,
  tls?: KeyPair & { readonly ca?: string },
  port = 0,
): Promise<Loopback> => {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = async (raw: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(raw.url ?? "/", "http://x");
    const content = await text(raw).catch(() => "");
    const request: Seen = {
      method: raw.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: raw.headers,
      body: content === "" ? undefined : JSON.parse(content),
      raw,
    };
    seen.push(request);
    const answer = await handler(request, response);
    if (answer === undefined) return;
    const { status = 200, headers = {}, body } = isReply(answer) ? answer : { body: answer };
    response.writeHead(status, {
      "content-type": typeof body === "string" ? "text/plain" : "application/json",
      ...headers,
    });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
  const onRequest = (raw: IncomingMessage, response: ServerResponse): void => void listener(raw, response);
  const server: Server = tls
    ? https.createServer({ ...tls, ...(tls.ca ? { requestCert: true, rejectUnauthorized: false } : {}) }, onRequest)
    : http.createServer(onRequest);
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${address.port}`,
    port: address.port,
    seen,
    connections: () => connections,
    cut,
    close: () => {
      cut();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

const isReply = (answer: unknown): answer is Reply =>
  typeof answer === "object" && answer !== null && "status" in answer && "body" in answer;

export const status = (code: number, reason: string, message: string, details?: unknown): Reply => ({
  status: code,
  body: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    code,
    ...(details ? { details } : {}),
  },
});

export const notFoundPage: Reply = { status: 404, body: "404 page not found\n" };

export const targetOf = (server: string, rest: Partial<ClusterTarget> = {}): ClusterTarget => ({
  context: "test",
  user: "tester",
  server,
  tls: { insecure: false },
  login: {},
  warnings: [],
  ...rest,
});

/** A clock that sleeping moves on: no test waits. */
export const createTiming = (): Timing & { readonly slept: number[]; readonly advance: (ms: number) => void } => {
  let now = Date.now();
  const slept: number[] = [];
  return {
    now: () => now,
    random: () => 0.5,
    slept,
    advance: (ms) => {
      now += ms;
    },
    sleep: async (ms, signal) => {
      slept.push(ms);
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
};

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export const KINDS: readonly Kind[] = [
  { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  { group: "", version: "v1", kind: "Namespace", plural: "namespaces", namespaced: false },
  { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true },
  { group: "rbac.authorization.k8s.io", version: "v1", kind: "ClusterRole", plural: "clusterroles", namespaced: false },
  { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true },
];

const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

/** Answers `/api` and `/apis` in the aggregated form; undefined for everything else. Versions come in the order of `kinds`. */
export const discover = ({ path }: Seen, kinds: readonly Kind[] = KINDS): unknown => {
  if (path !== "/api" && path !== "/apis") return undefined;
  const groups = Map.groupBy(
    kinds.filter(({ group }) => (group === "") === (path === "/api")),
    ({ group }) => group,
  );
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    items: [...groups].map(([name, ofGroup]) => ({
      metadata: name === "" ? {} : { name },
      versions: [...Map.groupBy(ofGroup, ({ version }) => version)].map(([version, ofVersion]) => ({
        version,
        resources: ofVersion.map(({ kind, plural, namespaced }) => ({
          resource: plural,
          responseKind: { group: "", version: "", kind },
          scope: namespaced ? "Namespaced" : "Cluster",
          verbs: VERBS,
          subresources: [{ subresource: "status", responseKind: { kind }, verbs: ["get"] }],
        })),
      })),
    })),
  };
};
