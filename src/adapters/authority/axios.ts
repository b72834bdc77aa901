import { AsyncLocalStorage } from "node:async_hooks";
import { type Asked, AuthorityBroken, AuthorityError, AuthorityUnreachable } from "../../ports/authority.ts";
import { SHAPES } from "./broken.ts";
import { acmeProblemIn, retryAfterOf } from "./problem.ts";
import type { HttpAnswer, Transport } from "./transport.ts";

/** What belongs to one CA. */
export interface Session {
  readonly transport: Transport;
  /** Unused ones from earlier answers: a signed request need not fetch one first (RFC 8555 §6.5). */
  readonly nonces: string[];
  readonly directoryUrl: string;
  readonly directory: (signal?: AbortSignal) => Promise<HttpAnswer>;
  readonly now: () => Date;
}

/** One call of acme-client. `badNonce`: its last answer was one. */
interface Call {
  readonly session: Session;
  readonly signal: AbortSignal | undefined;
  /** By the signed requests. */
  readonly asked: Asked;
  badNonce: boolean;
  /** Answers that were no answer; asked again with the same nonce, the CA then only says that this is used up. */
  readonly troubles: string[];
  /** From the last answer. */
  retryAfter: Date | undefined;
}

/** The part of an axios request and answer that is used here. */
interface AxiosRequest {
  readonly method?: string;
  readonly url?: string;
  readonly data?: unknown;
  readonly headers?: { readonly toJSON?: () => Record<string, unknown> };
}
export type AxiosAdapter = (config: AxiosRequest) => Promise<unknown>;

const calls = new AsyncLocalStorage<Call>();

/** How long a nonce may go on being rejected. */
const NONCE_MS = 15_000;
/** As many tries as a request that needs no nonce has. */
const MOST_TROUBLES = 4;

export interface Outcome<T> {
  readonly value: T;
  readonly retryAfter?: Date;
}

/**
 * Runs one call of acme-client, whose axios instance is one for the whole process, over this session's connections. acme-client signs again
 * five times after `badNonce`; this adds as many calls as fit into 15 s. Nothing was done by a request whose nonce was rejected.
 */
export const within = async <T>(
  session: Session,
  signal: AbortSignal | undefined,
  asked: Asked,
  work: () => Promise<T>,
): Promise<Outcome<T>> => {
  const began = performance.now();
  const troubles: string[] = [];
  for (;;) {
    const call: Call = { session, signal, asked, badNonce: false, troubles, retryAfter: undefined };
    try {
      const value = await calls.run(call, work);
      return { value, ...(call.retryAfter ? { retryAfter: call.retryAfter } : {}) };
    } catch (error) {
      signal?.throwIfAborted();
      if (!call.badNonce) throw complained(session, error);
      const [last] = troubles.slice(MOST_TROUBLES - 1);
      if (last !== undefined) throw new AuthorityUnreachable(new URL(session.directoryUrl).host, last);
      if (performance.now() - began > NONCE_MS) {
        throw new AuthorityError({ type: "badNonce", detail: "every nonce was rejected", status: 400 }, asked, "POST");
      }
    }
  }
};

/** acme-client's own complaints, plain errors, are about answers: no nonce, no link, another status. Everything else is a bug. */
const complained = ({ directoryUrl }: Session, error: unknown): unknown =>
  error instanceof Error && error.constructor === Error ? broken(directoryUrl, error.message, error) : error;

/** An answer that is none: nothing of it is used, and what was asked may have been done. */
export const broken = (url: string, why: string, cause?: unknown): AuthorityBroken =>
  new AuthorityBroken(new URL(url).host, why, cause);

/** Does what acme-client's http layer leaves out: the signal, the CA's own certificate, the whole problem document, real causes. */
export const adapter: AxiosAdapter = async (config) => {
  const call = calls.getStore();
  if (!call) throw new Error("acme-client was called outside of a session");
  const { session, signal } = call;
  const url = config.url ?? "";
  const method = (config.method ?? "get").toUpperCase() as "GET" | "HEAD" | "POST";
  const nonce = method === "HEAD" ? session.nonces.pop() : undefined;
  if (nonce !== undefined) return respond(config, { status: 200, headers: { "replay-nonce": nonce }, body: "" });
  const answer =
    method === "GET" && url === session.directoryUrl
      ? await session.directory(signal)
      : await session.transport({
          // After an answer to HEAD without a length, Node gives up the connection; GET finds a nonce too (RFC 8555 §7.2).
          method: method === "HEAD" ? "GET" : method,
          url,
          headers: { "content-type": "application/jose+json" },
          ...(typeof config.data === "string" ? { body: config.data } : {}),
          signal,
          onTrouble: (words) => call.troubles.push(words),
        });
  const retryAfter = retryAfterOf(answer.headers["retry-after"], session.now());
  const problem = answer.status >= 400 ? problemIn(answer, retryAfter) : undefined;
  const fresh = answer.headers["replay-nonce"];
  call.badNonce = problem?.type === "badNonce";
  call.retryAfter = retryAfter;
  // acme-client signs again by itself, with the nonce of this answer; one that it fetches by HEAD it uses as well.
  if (fresh !== undefined && !call.badNonce && method === "POST") session.nonces.push(fresh);
  if (problem && !call.badNonce) throw new AuthorityError(problem, call.asked, `${method} ${url}`);
  const why = method === "POST" && !problem ? SHAPES[call.asked](answer.body) : undefined;
  if (why !== undefined) throw broken(url, `${why} (status ${answer.status})`);
  return respond(config, answer);
};

export const problemIn = ({ status, body }: HttpAnswer, retryAfter?: Date) => {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    document = undefined;
  }
  return (
    acmeProblemIn(document, status, retryAfter) ?? {
      type: "unknown",
      detail: `it answered ${status} without a reason`,
      status,
    }
  );
};

const respond = (config: AxiosRequest, { status, headers, body }: HttpAnswer): unknown => ({
  status,
  statusText: "",
  headers: { ...headers },
  data: body,
  config,
  request: undefined,
});
