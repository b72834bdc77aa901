import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";

/** The part of the global `fetch` that downloads need. */
export type Fetch = (url: string, init: { signal: AbortSignal }) => Promise<Response>;

const REDIRECTS = 5;

/**
 * A `fetch` that goes through the proxies of `env` (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case): the global one does so
 * only when Node was started with NODE_USE_ENV_PROXY. GET only; follows 5 redirects.
 */
export const environmentFetch = (env: NodeJS.ProcessEnv): Fetch => {
  const plain = new http.Agent({ proxyEnv: env });
  const secure = new https.Agent({ proxyEnv: env });

  const get = (url: URL, signal: AbortSignal, redirects: number): Promise<Response> =>
    new Promise((resolve, reject) => {
      const options = { signal, headers: { "user-agent": "kn-bootstrap", accept: "*/*" } };
      const answer = (message: http.IncomingMessage): void => {
        const status = message.statusCode ?? 502;
        const location = message.headers.location;
        if (status >= 300 && status < 400 && location !== undefined) {
          message.resume();
          if (redirects === 0) reject(new Error(`more than ${REDIRECTS} redirects`));
          else resolve(get(new URL(location, url), signal, redirects - 1));
          return;
        }
        const headers = new Headers();
        for (const [name, value] of Object.entries(message.headers)) headers.set(name, String(value));
        resolve(
          new Response(Readable.toWeb(message) as ReadableStream, {
            status,
            headers,
            statusText: message.statusMessage ?? "",
          }),
        );
      };
      const request =
        url.protocol === "http:"
          ? http.get(url, { ...options, agent: plain }, answer)
          : https.get(url, { ...options, agent: secure }, answer);
      request.on("error", reject);
    });

  return (url, { signal }) => get(new URL(url), signal, REDIRECTS);
};
