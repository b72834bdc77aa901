import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { TooMuch } from "../../ports/bounded.ts";
import { BrokenAnswer } from "../../ports/cluster.ts";
import { retryAfterMs } from "../../ports/retry-after.ts";
import type { Learn } from "../../ports/secrets.ts";
import type { Credential, Credentials } from "./credentials.ts";
import { type Answered, isLost, type Lost, type Opened, openExchange, readExchange } from "./exchange.ts";
import { createLanes, type Lane } from "./lanes.ts";
import { type Patience, retryDelay } from "./retry.ts";
import { learnSecrets } from "./secrets.ts";
import { apiError, excerpt, isStatus, parseJson } from "./status.ts";
import type { ClusterTarget } from "./target.ts";
import type { Timing } from "./timing.ts";
import { explain } from "./unreachable.ts";

export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Encoded, from the API's root: `/api/v1/namespaces/default`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON, under `contentType` (default `application/json`). */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** More of them, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Doing it twice is the same as doing it once. Default: true for GET only. */
  readonly repeatable?: boolean;
  /** Whether a success holds what was asked for. Another answer is none: it is asked again, then a {@link BrokenAnswer}. Default: any JSON. */
  readonly expect?: (body: unknown) => boolean;
  /** Its answer may be anything: the body is its text. */
  readonly isText?: boolean;
  /** Sent in place of the server's own name: the server carries the request on to somebody who goes by it. */
  readonly host?: string;
  /** Every answer is one that has no Status of the server's own for a body: `headers` and text are the other side's. */
  readonly isCarried?: boolean;
  /** Most bytes of its answer, unzipped. Default 16 MiB: etcd takes no object above 1.5, and discovery of the largest clusters has some 5. */
  readonly most?: number;
  /** Asked last, before each try: a free connection and a credential may be long in coming. Throws when it must not be made. */
  readonly permit?: (() => Promise<void>) | undefined;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON, or the text that was asked for. */
  readonly body: unknown;
  /** With those that failed, and may have been carried out all the same. */
  readonly tries: number;
  /** Characters of the body. */
  readonly size: number;
  readonly headers?: IncomingHttpHeaders;
}

/** One request, with its retries. Throws ApiError, Unreachable (BrokenAnswer among them), or UserError when there are no credentials. */
export type Send = (request: Request) => Promise<Answer>;

export interface Transport {
  readonly send: Send;
  /** The same over the Lease's own connections. */
  readonly sendLease: Send;
  /** One try over the watches' own connections; the body as it comes, for as long as the signal lives. */
  readonly stream: (request: Request, signal: AbortSignal) => Promise<IncomingMessage>;
  /** One try over a connection of its own, which becomes another protocol's; `isMeant`: whether the server's answer agrees to it. */
  readonly upgrade: (
    request: Request,
    isMeant: (headers: IncomingHttpHeaders) => boolean,
    signal: AbortSignal,
  ) => Promise<{ readonly socket: Duplex; readonly head: Buffer }>;
  /** Tries included that failed. */
  readonly counts: () => { readonly requests: number; readonly connections: number };
  /** How far the server's clock is ahead, in milliseconds, by the Date of its first answer; undefined: not known. */
  readonly skewMs: () => number | undefined;
  readonly close: () => void;
}

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly timing: Timing;
  /** Ends what reads and what waits. Writes under way are finished, and later requests get one try: a clean-up can still talk. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly silentMs?: number | undefined;
  readonly connectTimeoutMs: number;
  readonly patience: Patience;
  /** Told when a request has to be made again or gets no answer for a while; each reason once while it lasts. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  readonly learn: Learn;
}

/** From here on somebody who waits wants to know what for. */
const SLOW_MS = 1_000;
const MOST = 16 * 2 ** 20;
/** What was told is news again after so long without it. */
const AGAIN_MS = 10_000;

/** Raw JSON over a few connections that stay open. Nothing of a request's credentials gets into an error. */
export const createTransport = (target: ClusterTarget, options: TransportOptions): Transport => {
  const { credentials, timing, signal, patience, learn } = options;
  const origin = new URL(target.server);
  const prefix = origin.pathname.replace(/\/$/, "");
  let requests = 0;
  let connections = 0;
  let contacted = false;
  let skew: number | undefined;
  const told = new Map<string, number>();
  let closed = false;
  const tell = (reason: string): void => {
    // Whoever closes it has ended: what it still has under way is nobody's news.
    if (closed) return;
    if (timing.now() - (told.get(reason) ?? Number.NEGATIVE_INFINITY) > AGAIN_MS) options.onTrouble?.(reason);
    told.set(reason, timing.now());
  };
  const lanes = createLanes(target, {
    timeoutMs: options.timeoutMs,
    patienceMs: patience.midRunMs,
    connectTimeoutMs: options.connectTimeoutMs,
    onConnection: () => {
      connections++;
    },
  });

  const open = (
    request: Request,
    lane: Lane,
    credential: Credential,
    cut: AbortSignal | undefined,
  ): Promise<Opened | Lost> => {
    requests++;
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    return openExchange({
      origin,
      agent: lane.agent,
      method: request.method,
      path: `${prefix}${request.path}${queryOf(request)}`,
      headers: {
        accept: request.accept ?? "application/json",
        ...(lane === lanes.watch ? {} : { "accept-encoding": "gzip" }),
        ...(body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
        "user-agent": "kn-bootstrap",
        ...request.headers,
        ...(request.host ? { host: request.host } : {}),
        ...credential.headers,
      },
      body,
      cert: credential.cert,
      key: credential.key,
      timeoutMs: lane.timeoutMs,
      // What was not answered and may not be sent again is waited for longer.
      silentMs: isRepeatable(request) && lane === lanes.ordinary ? options.silentMs : undefined,
      signal: cut,
    });
  };

  /** With a second try after 401, if there is a newer credential than the one refused. */
  const authorized = async (
    request: Request,
    lane: Lane,
    cut: AbortSignal | undefined,
    onReady = (): void => {},
  ): Promise<Opened | Lost> => {
    const credential = await credentials();
    onReady();
    await request.permit?.();
    const opened = await open(request, lane, credential, cut);
    if (isLost(opened) || opened.status !== 401) return opened;
    const next = await credentials(credential);
    if (JSON.stringify(next) === JSON.stringify(credential)) return opened;
    await readExchange(opened, MOST);
    await request.permit?.();
    return open(request, lane, next, cut);
  };

  const attempt = async (request: Request, lane: Lane, cut: AbortSignal | undefined): Promise<Answered | Lost> => {
    const leave = await lane.enter();
    let slow: NodeJS.Timeout | undefined;
    try {
      // The time that a credential takes does not count against the server.
      const opened = await authorized(request, lane, cut, () => {
        slow = setTimeout(() => tell(`${target.server} takes long to answer`), SLOW_MS);
      });
      if (isLost(opened)) return opened;
      skew ??= Date.parse(opened.response.headers.date ?? "") - timing.now();
      return await readExchange(opened, request.most ?? MOST);
    } finally {
      clearTimeout(slow);
      leave();
    }
  };

  const sendOn =
    (lane: Lane): Send =>
    async (request) => {
      // Where no request has arrived yet there is nothing to clean up, and a server that stays silent would be waited for.
      if (!contacted) signal?.throwIfAborted();
      const repeatable = isRepeatable(request);
      const cut = request.method === "GET" && !signal?.aborted ? signal : undefined;
      const started = timing.now();
      learnSecrets(request.body, learn);
      let failedSince: number | undefined;
      for (let tries = 1; ; tries++) {
        const outcome = await attempt(request, lane, cut);
        const answer = isLost(outcome) ? undefined : answerOf(request, outcome);
        if (answer || (!isLost(outcome) && !isSuccess(outcome.status) && outcome.status < 500)) contacted = true;
        if (answer) {
          learnSecrets(answer.body, learn);
          return { ...answer, tries };
        }
        failedSince ??= contacted ? timing.now() : started;
        const delay = retryDelay({
          outcome: isLost(outcome)
            ? outcome
            : {
                ...outcome,
                broken: isSuccess(outcome.status),
                retryAfterMs: retryAfterMs(outcome.headers["retry-after"], timing.now()),
              },
          repeatable,
          tries,
          firstContact: !contacted,
          random: timing.random,
        });
        const limit = failedSince + (contacted ? lane.patienceMs : patience.firstContactMs);
        if (delay === undefined || signal?.aborted || timing.now() + delay > limit)
          throw errorOf(request, outcome, target);
        tell(`${troubleOf(request, outcome, target)}; trying again`);
        await timing.sleep(delay, signal);
      }
    };

  return {
    send: sendOn(lanes.ordinary),
    sendLease: sendOn(lanes.lease),
    stream: async (request, watchSignal) => {
      const opened = await authorized(request, lanes.watch, watchSignal);
      if (isLost(opened)) throw errorOf(request, opened, target);
      if (!isSuccess(opened.status)) throw errorOf(request, await readExchange(opened, MOST), target);
      opened.release();
      return opened.response;
    },
    upgrade: async (request, isMeant, ownSignal) => {
      const opened = await authorized(request, lanes.watch, ownSignal);
      if (isLost(opened)) throw errorOf(request, opened, target);
      const { upgraded, response } = opened;
      if (!upgraded) throw errorOf(request, await readExchange(opened, MOST), target);
      opened.release();
      if (isMeant(response.headers)) return upgraded;
      upgraded.socket.destroy();
      throw new BrokenAnswer(target.server, requestLine(request), "another protocol than the one that was asked for");
    },
    counts: () => ({ requests, connections }),
    skewMs: () => (skew === undefined || Number.isNaN(skew) ? undefined : skew),
    close: () => {
      closed = true;
      for (const lane of Object.values(lanes)) lane.agent.destroy();
    },
  };
};

const isRepeatable = ({ repeatable, method }: Request): boolean => repeatable ?? method === "GET";

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

const requestLine = (request: Request): string => `${request.method} ${request.path}`;

const errorOf = (request: Request, outcome: Answered | Lost, target: ClusterTarget): Error =>
  isLost(outcome)
    ? outcome.error instanceof TooMuch
      ? new BrokenAnswer(target.server, requestLine(request), `an answer ${outcome.error.message}, which is not read`)
      : explain(outcome.error, target, requestLine(request))
    : isSuccess(outcome.status)
      ? new BrokenAnswer(target.server, requestLine(request), descriptionOf(outcome))
      : apiError(requestLine(request), outcome.status, outcome.text);

const troubleOf = (request: Request, outcome: Answered | Lost, target: ClusterTarget): string => {
  const { message } = errorOf(request, outcome, target);
  return isLost(outcome) ? message : `${target.server} answers ${outcome.status}: ${message.replace(/\.$/, "")}`;
};

/** Undefined: it is no success, or none that holds what was asked for. */
const answerOf = (
  { expect = () => true, isText = false, isCarried = false }: Request,
  { status, text, headers }: Answered,
): Omit<Answer, "tries"> | undefined => {
  if (!isSuccess(status) && (!isCarried || isStatus(text))) return undefined;
  const body = isText ? text : parseJson(text);
  return body !== undefined && expect(body) ? { status, body, size: text.length, headers } : undefined;
};

/** What came instead of what was asked for, for people. */
const descriptionOf = ({ headers, text }: Answered): string => {
  const [{ "content-type": type = "something" }, start] = [headers, excerpt(text)];
  return `${type} that is not what a Kubernetes API server says there (${start})`;
};

const queryOf = ({ query = {} }: Request): string => {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length > 0 ? `?${new URLSearchParams(entries)}` : "";
};
