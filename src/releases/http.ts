import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { webProxies } from "../ports/variables.ts";

/** The part of a `Response` that downloads need. A status may be any number: 999 is what some servers answer. */
export type Answer = Pick<Response, "status" | "statusText" | "body"> & {
  readonly headers: Pick<Headers, "get" | "has">;
};

/** The part of the global `fetch` that downloads need. `secure`: only over https, redirects included. */
export type Fetch = (url: string, init: { signal: AbortSignal; secure?: boolean }) => Promise<Answer>;

/** What a second attempt would not change. */
export class Unacceptable extends Error {}

/** Encrypted, or not on the network at all. */
export const isSecure = ({ protocol, hostname }: URL): boolean =>
  protocol === "https:" || (protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));

const REDIRECTS = 5;
/** RFC 9110, section 15.4: those that say where to go. */
const REDIRECTING: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * A `fetch` that goes through the proxies of `env` (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case): the global one does so
 * only when Node was started with NODE_USE_ENV_PROXY. GET only; follows 5 redirects. Rejects with
 * {@link Unacceptable} where a redirect leads astray.
 */
export const environmentFetch = (env: NodeJS.ProcessEnv): Fetch => {
  let agents: { readonly plain: http.Agent; readonly secure: https.Agent } | undefined;
  /** Not before something is downloaded: a proxy that cannot be used is nothing to a run that needs none. */
  const open = () => {
    const proxyEnv = webProxies(env);
    // Verification is set explicitly, because NODE_TLS_REJECT_UNAUTHORIZED decides where it is not.
    return { plain: new http.Agent({ proxyEnv }), secure: new https.Agent({ proxyEnv, rejectUnauthorized: true }) };
  };

  const get = (url: URL, { signal, secure = false }: Parameters<Fetch>[1], redirects: number): Promise<Answer> =>
    new Promise((resolve, reject) => {
      agents ??= open();
      const options = { signal, headers: { "user-agent": "kn-bootstrap", accept: "*/*" } };
      const answer = (message: http.IncomingMessage): void => {
        const { statusCode: status = 502, headers } = message;
        if (REDIRECTING.has(status) && headers.location !== undefined) {
          message.resume();
          const target = URL.parse(headers.location, url.href);
          const fault =
            redirects === 0 ? `more than ${REDIRECTS} redirects` : redirectFault(target, headers.location, secure);
          if (fault || !target) reject(new Unacceptable(fault));
          else resolve(get(target, { signal, secure }, redirects - 1));
          return;
        }
        const fields = new Headers();
        for (const [name, value] of Object.entries(headers)) fields.set(name, String(value));
        const body = Readable.toWeb(message) as ReadableStream<Uint8Array<ArrayBuffer>>;
        resolve({ status, headers: fields, statusText: message.statusMessage ?? "", body });
      };
      const request =
        url.protocol === "http:"
          ? http.get(url, { ...options, agent: agents.plain }, answer)
          : https.get(url, { ...options, agent: agents.secure }, answer);
      request.on("error", reject);
    });

  return (url, init) => get(new URL(url), init, REDIRECTS);
};

const redirectFault = (target: URL | null, location: string, secure: boolean): string | undefined => {
  if (!target || !/^https?:$/.test(target.protocol))
    return `a redirect to ${JSON.stringify(location)}, which is no web address`;
  return secure && !isSecure(target) ? `a redirect to ${target.href}, which is not encrypted` : undefined;
};
