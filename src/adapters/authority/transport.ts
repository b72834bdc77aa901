import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { AuthorityUnreachable } from "../../ports/authority.ts";
import { retryAfterMs } from "../../ports/retry-after.ts";
import { webProxies } from "../../ports/variables.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpQuestion {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** Told each answer after which it is asked again. */
  readonly onTrouble?: (words: string) => void;
}

export interface TransportOptions {
  /** PEM: trusted instead of the system's roots. */
  readonly ca?: string;
  /** HTTPS_PROXY and NO_PROXY, in either case. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For one try, default 15 s. */
  readonly timeoutMs?: number;
  /** Pauses between tries; there is one try more than pauses. Default 250 ms, 1 s, 2 s. */
  readonly pausesMs?: readonly number[];
}

export type Transport = (question: HttpQuestion) => Promise<HttpAnswer>;

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const MOST_BODY = 1024 * 1024;

/**
 * Requests to a CA over one pool of connections. What passes by itself is tried again: no answer, or 5xx. A POST may
 * reach the CA twice; its nonce makes the second one a `badNonce`, which is signed anew. Errors: {@link AuthorityUnreachable} with the
 * transport's own words; the signal's reason.
 */
export const createTransport = (options: TransportOptions): Transport => {
  const { ca, env, timeoutMs = 15_000, pausesMs = [250, 1000, 2000] } = options;
  // Verification is set explicitly, because NODE_TLS_REJECT_UNAUTHORIZED decides where it is not.
  const common = {
    keepAlive: true,
    maxSockets: 8,
    rejectUnauthorized: true,
    ...(ca ? { ca, allowPartialTrustChain: true } : {}),
  };
  const outward = new https.Agent({ ...common, proxyEnv: webProxies(env) });
  // A proxy cannot reach this machine's loopback. Node would ask it all the same.
  const inward = new https.Agent(common);
  return async (question) => {
    const { host, hostname } = new URL(question.url);
    const agent = LOOPBACK.test(hostname) ? inward : outward;
    for (let tries = 0; ; tries += 1) {
      const pause = pausesMs[tries];
      try {
        const answer = await once(question, agent, timeoutMs);
        if (answer.status < 500 || (isRateLimit(answer) && (pause === undefined || asksForMore(answer)))) return answer;
        const words = `it answers ${answer.status}: ${gist(answer)}`;
        if (pause === undefined) throw new AuthorityUnreachable(host, words);
        question.onTrouble?.(words);
      } catch (error) {
        question.signal?.throwIfAborted();
        if (error instanceof AuthorityUnreachable) throw error;
        if (pause === undefined || isDistrust(error)) throw new AuthorityUnreachable(host, wordsOf(error), error);
      }
      await sleep(pause, undefined, question.signal ? { signal: question.signal } : {}).catch(() => {});
      question.signal?.throwIfAborted();
    }
  };
};

const once = (question: HttpQuestion, agent: https.Agent, timeoutMs: number): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const outgoing = https.request(question.url, {
      method: question.method,
      agent,
      headers: {
        "user-agent": "kn-bootstrap",
        ...question.headers,
        ...(question.body === undefined ? {} : { "content-length": String(Buffer.byteLength(question.body)) }),
      },
      signal: question.signal ? AbortSignal.any([question.signal, timeout]) : timeout,
    });
    const fail = (error: unknown): void =>
      reject(timeout.aborted && !question.signal?.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error);
    outgoing.on("error", fail);
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MOST_BODY) outgoing.destroy(new Error(`an answer of more than ${MOST_BODY} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => {
        const headers = Object.entries(response.headers).map(([name, value]) => [
          name,
          [value ?? ""].flat().join(", "),
        ]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(headers),
          body: Buffer.concat(chunks).toString("utf8"),
        });
      });
    });
    outgoing.end(question.body);
  });

/** Boulder's "service busy" is one, as 503; it passes within seconds. */
const isRateLimit = ({ body }: HttpAnswer): boolean => body.includes("urn:ietf:params:acme:error:rateLimited");

const asksForMore = ({ headers }: HttpAnswer): boolean =>
  (retryAfterMs(headers["retry-after"], Date.now()) ?? 0) > 5000;

/** Trying again does not make a certificate trusted, nor a name exist. */
const isDistrust = (error: unknown): boolean =>
  /CERT|SIGNATURE|ALTNAME|ENOTFOUND/.test(String((error as NodeJS.ErrnoException | undefined)?.code ?? ""));

const gist = ({ body }: HttpAnswer): string => /"detail"\s*:\s*"([^"]*)"/.exec(body)?.[1] ?? body.trim().slice(0, 120);

/** A host with several addresses fails with an AggregateError whose own message is empty. */
const wordsOf = (error: unknown): string => {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(wordsOf))].join("; ");
  return error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
};
