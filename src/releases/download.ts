import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, UserError } from "../ports/error.ts";
import { at } from "../ports/object.ts";
import { retryAfterMs } from "../ports/retry-after.ts";
import { sh } from "../ports/shell.ts";
import { type Answer, type Fetch, isSecure, Unacceptable } from "./http.ts";

export interface DownloadOptions {
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  /** Nothing but https (or this machine itself) may answer: what comes is not checked against a digest that is known here. */
  readonly secure?: boolean;
  /** Most bytes of a file; default 32 MiB, some thirty times the largest manifest there is. */
  readonly limit?: number;
  /** `total` is absent when the server does not say. */
  readonly onProgress?: (bytes: number, total?: number) => void;
  /** Default 4. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt, doubled for each further one; default 500. */
  readonly delay?: number;
  /** Milliseconds without a byte after which an attempt has failed; default 30,000. */
  readonly stall?: number;
  /** Milliseconds after which the file has to be complete, all attempts together; default 600,000. */
  readonly longest?: number;
  /** 0 ≤ x < 1; default Math.random. */
  readonly random?: () => number;
}

const OFFLINE = {
  text: "Check the network and HTTPS_PROXY, name a mirror with --release-mirror URL, or bring the files (layout <component>/<version>/<asset>):",
  command: sh`kn-bootstrap install --manifests DIR`,
};

const unavailable = (url: string, why: string, cause?: unknown): UserError =>
  new UserError({
    id: "release.unavailable",
    what: `${url} could not be downloaded.`,
    why,
    remedy: OFFLINE,
    kind: "failed",
    cause,
  });

const insecure = ({ host, username }: URL): UserError =>
  new UserError({
    id: "release.insecure",
    what: `The way to ${host} is not encrypted.`,
    why: username
      ? "The password in the mirror's address would be sent for everybody on the way to read."
      : "Anybody on the way could change what comes from there, and kn-bootstrap does not know the digests of this version.",
    remedy: { text: "Name a mirror with https, or bring the files:", command: OFFLINE.command },
    kind: "input",
  });

const missing = (url: string, status: number): UserError =>
  new UserError({
    id: "release.missing",
    what: `${url} does not exist.`,
    why: `The server answered ${status}: no such version has been released, or the mirror does not hold it.`,
    remedy: { text: "Choose a version that exists, or bring the files:", command: OFFLINE.command },
    kind: "input",
  });

/** Why an attempt failed, and whether another one could succeed. */
interface Failure {
  readonly why: string;
  readonly again: boolean;
  /** Milliseconds the server asked for. */
  readonly after?: number;
}

const RETRY_AFTER_LIMIT = 30_000;
const LIMIT = 32 * 2 ** 20;

const retryAfter = (response: Answer): number =>
  retryAfterMs(response.headers.get("retry-after"), Date.now(), RETRY_AFTER_LIMIT) ?? 0;

/** `fetch failed` says nothing; its cause does. */
const reasonOf = (error: unknown): string => {
  const cause = at(error, "cause");
  return cause === undefined ? messageOf(error) || String(at(error, "code")) : reasonOf(cause);
};

/** A certificate that is not trusted now will not be in a second. */
const isTrust = (error: unknown): boolean => {
  const code = String(at(error, "code") ?? at(error, "cause", "code"));
  return /CERT|SIGNATURE|ISSUER/.test(code);
};

const read = async (response: Answer, options: DownloadOptions, alive: () => void): Promise<Uint8Array> => {
  const { limit = LIMIT } = options;
  const tooMuch = (): never => {
    throw new Unacceptable(`it is larger than ${limit} bytes`);
  };
  const encoded = response.headers.has("content-encoding");
  const length = Number(response.headers.get("content-length") ?? Number.NaN);
  const total = encoded || Number.isNaN(length) ? undefined : length;
  if (length > limit) tooMuch();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    alive();
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > limit) tooMuch();
    options.onProgress?.(bytes, total);
  }
  if (total !== undefined && bytes !== total) throw new Error(`the connection ended after ${bytes} of ${total} bytes`);
  return Buffer.concat(chunks);
};

const attempt = async (url: string, options: DownloadOptions, late: AbortSignal): Promise<Uint8Array | Failure> => {
  const stalled = new AbortController();
  const stall = options.stall ?? 30_000;
  const timer = setTimeout(() => stalled.abort(), stall);
  try {
    const signal = AbortSignal.any([options.signal, stalled.signal, late]);
    const response = await options.fetch(url, { signal, ...(options.secure ? { secure: true } : {}) });
    if (response.status === 200) return await read(response, options, () => timer.refresh());
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410) throw missing(url, response.status);
    const why = `The server answered ${response.status} ${response.statusText}`.trimEnd();
    return { why, again: response.status === 429 || response.status >= 500, after: retryAfter(response) };
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof UserError) throw error;
    if (stalled.signal.aborted) return { why: `Nothing came for ${stall / 1000} s`, again: true };
    if (error instanceof Unacceptable) return { why: error.message, again: false };
    if (isTrust(error)) return { why: `${reasonOf(error)} (NODE_EXTRA_CA_CERTS names further roots)`, again: false };
    return { why: reasonOf(error), again: true };
  } finally {
    clearTimeout(timer);
  }
};

/**
 * The bytes behind a URL. No answer, 429 and 5xx are tried again with growing, jittered pauses; Retry-After is honoured up to 30 s.
 * @throws UserError `release.missing` (exit 2) for 404 and 410, `release.insecure` (exit 2), `release.unavailable` (exit 1) for everything else; the
 *   signal's reason when it is aborted
 */
export const download = async (url: string, options: DownloadOptions): Promise<Uint8Array> => {
  const { attempts = 4, delay = 500, random = Math.random, longest = 600_000 } = options;
  const place = new URL(url);
  if ((options.secure || place.username) && !isSecure(place)) throw insecure(place);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), longest);
  try {
    for (let count = 1; ; count += 1) {
      options.signal.throwIfAborted();
      const result = await attempt(url, options, late.signal);
      if (result instanceof Uint8Array) return result;
      if (late.signal.aborted) throw unavailable(url, `It was not complete after ${longest / 1000} s.`);
      if (!result.again || count === attempts)
        throw unavailable(url, `${result.why}${count > 1 ? ` (${count} attempts)` : ""}.`);
      const pause = delay * 2 ** (count - 1) * (0.5 + random());
      await sleep(Math.max(pause, result.after ?? 0), undefined, { signal: options.signal }).catch(() =>
        options.signal.throwIfAborted(),
      );
    }
  } finally {
    clearTimeout(timer);
  }
};

/** Runs at most `limit` of the tasks given to it at a time, in order. */
export const bounded = (limit: number): (<T>(task: () => Promise<T>) => Promise<T>) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
};
