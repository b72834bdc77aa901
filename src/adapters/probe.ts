import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { rootCertificates, TLSSocket } from "node:tls";
import { alternativeNames } from "../ports/certificate-names.ts";
import type { Probe, ProbeResponse } from "../ports/http.ts";

export interface ProbeOptions {
  /** Port → port of loopback to connect to instead: the rehearsal's gateway. At 127.0.0.1, unless the address is one of loopback itself. */
  readonly connectTo?: ReadonlyMap<number, number>;
  /** PEM of a root that is trusted besides the system's: the rehearsal's public CA. */
  readonly root?: string;
}

const MOST_BODY = 64 * 1024;
const TIMEOUT_MS = 10_000;

/** One request on a connection of its own, so that each proof is a new handshake. Default timeout 10 s. */
export const createProbe =
  ({ connectTo, root }: ProbeOptions = {}): Probe =>
  (request) =>
    new Promise((resolve, reject) => {
      const { scheme, address, port, host, path = "/", timeoutMs = TIMEOUT_MS, signal } = request;
      const mapped = connectTo?.get(port);
      const name = host.replace(/:\d+$/, "");
      const timeout = AbortSignal.timeout(timeoutMs);
      const outgoing = (scheme === "https" ? https : http).request({
        host: mapped === undefined || address.startsWith("127.") ? address : "127.0.0.1",
        port: mapped ?? port,
        path,
        agent: false,
        headers: { host, "user-agent": "kn-bootstrap", "accept-encoding": "identity" },
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        ...(scheme === "https"
          ? {
              servername: isIP(name) ? "" : name,
              // Set explicitly, because NODE_TLS_REJECT_UNAUTHORIZED decides where it is not.
              rejectUnauthorized: true,
              ALPNProtocols: ["http/1.1"],
              // The CA that is given may be an intermediate (X509_V_FLAG_PARTIAL_CHAIN).
              allowPartialTrustChain: true,
              ...(request.ca ? { ca: request.ca } : root ? { ca: [...rootCertificates, root] } : {}),
            }
          : {}),
      });
      const fail = (error: unknown): void => {
        if (signal?.aborted) reject(signal.reason);
        else if (timeout.aborted) reject(new Error(`no answer within ${timeoutMs} ms`));
        else reject(error);
      };
      outgoing.on("error", fail);
      outgoing.on("response", (response) => {
        // Read before the body, because the socket may be gone when the body has ended.
        const certificate = certificateOf(response);
        readBody(response).then(
          (body) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: headersOf(response),
              body,
              ...(certificate ? { certificate } : {}),
            }),
          fail,
        );
      });
      outgoing.end();
    });

/** The first 64 KiB; the rest is not waited for. */
const readBody = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MOST_BODY) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_BODY).toString("utf8");
};

const headersOf = (response: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );

const certificateOf = ({ socket }: IncomingMessage): ProbeResponse["certificate"] => {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  return {
    subject: certificate.subject?.replaceAll("\n", ", ") ?? "",
    serial: certificate.serialNumber,
    names: alternativeNames(certificate).map(({ kind, value }) =>
      kind === "DNS" || kind === "IP Address" ? value : `${kind}:${value}`,
    ),
    notAfter: new Date(certificate.validTo).toISOString(),
  };
};
