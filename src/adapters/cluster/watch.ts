import { linesOf, TooMuch } from "../../ports/bounded.ts";
import { ApiError, type ApiResource, type ListQuery, Unreachable, type WatchEvent } from "../../ports/cluster.ts";
import { at, isRecord, type KubeObject, keyOf, textAt } from "../../ports/object.ts";
import type { Learn } from "../../ports/secrets.ts";
import { isObject } from "./answers.ts";
import type { Discovery } from "./discovery.ts";
import { listAll } from "./pages.ts";
import { pathOf } from "./paths.ts";
import { learnSecrets } from "./secrets.ts";
import { parseJson } from "./status.ts";
import type { Timing } from "./timing.ts";
import type { Send, Transport } from "./transport.ts";

interface Tools {
  /** For people. */
  readonly server: string;
  readonly send: Send;
  readonly stream: Transport["stream"];
  readonly discovery: Discovery;
  readonly timing: Timing;
  readonly learn: Learn;
  /** The version of a list, where it is one of this server's. */
  readonly versionOf: (list: readonly KubeObject[]) => string | undefined;
  /** Most characters of what one stream brought and is still there; default 512 Mi, as much as of a list. */
  readonly mostHeld?: number;
}

/** The server ends a watch by itself after this; a connection on which nothing came for longer is dead. */
const WATCH_SECONDS = 290;
const SILENCE_MS = 300_000;
const PAUSE_MS = { first: 100, most: 5_000, mostForKind: 1_000 };
/** A stream that lasted this long was fine, whatever it brought. */
const HEALTHY_MS = 10_000;
/** In characters; etcd takes no object above 1.5 MiB. */
const MOST_OF_EVENT = 16 * 2 ** 20;
const MOST_HELD = 512 * 2 ** 20;

/**
 * The port's `watch`: lists, unless `before` is a list that was just made or the one object that is asked for, then follows from that
 * version. A stream that breaks goes on where it was; when the server has forgotten that version (410) it lists again and tells the difference. A kind that does not exist yet
 * is waited for; when it goes, so do its objects. Ends with the signal; throws only what trying again cannot change, such as 403.
 */
export async function* watch(
  query: ListQuery,
  signal: AbortSignal,
  before: readonly KubeObject[],
  tools: Tools,
): AsyncGenerator<WatchEvent, void, undefined> {
  const { discovery, timing } = tools;
  const known = new Map(before.map((object) => [keyOf(object), object]));
  const version = tools.versionOf(before) ?? versionOfOnly(query, before);
  const served = version === undefined ? undefined : await discovery.find(query.apiVersion, query.kind, 1);
  let place = served && version !== undefined ? { resource: served, version } : undefined;
  if (place) yield { type: "SYNCED" };
  let failures = 0;
  const pause = async (most: number): Promise<void> => {
    const limit = Math.min(most, PAUSE_MS.first * 2 ** failures++);
    await timing.sleep((limit * (1 + timing.random())) / 2, signal).catch(() => {});
  };

  while (!signal.aborted) {
    try {
      if (!place) {
        const resource = await abandonable(discovery.find(query.apiVersion, query.kind, 1), signal);
        const listed = resource && (await abandonable(listServed(resource, query, tools), signal));
        yield* difference(known, listed?.items ?? []);
        if (!resource || !listed) {
          await pause(PAUSE_MS.mostForKind);
          continue;
        }
        place = { resource, version: listed.resourceVersion };
        yield { type: "SYNCED" };
      }
      const started = timing.now();
      const sizes = new Map<string, number>();
      let held = 0;
      for await (const { type, object, size } of follow(place.resource, place.version, query, signal, tools)) {
        if (type === "ERROR") {
          place = undefined;
          break;
        }
        failures = 0;
        place.version = object.metadata.resourceVersion ?? place.version;
        if (type === "BOOKMARK") continue;
        const key = keyOf(object);
        held -= sizes.get(key) ?? 0;
        sizes.delete(key);
        if (type === "DELETED") known.delete(key);
        else {
          known.set(key, object);
          sizes.set(key, size);
          held += size;
        }
        yield { type, object };
        if (held <= (tools.mostHeld ?? MOST_HELD)) continue;
        // There are more objects than a list may have. The next list tells whether that is so.
        place = undefined;
        break;
      }
      if (timing.now() - started > HEALTHY_MS) failures = 0;
      else await pause(PAUSE_MS.most);
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error)) throw error;
      if (error instanceof ApiError && error.status < 500) place = undefined;
      await pause(PAUSE_MS.most);
    }
  }
}

/** An object that has a collection to itself is all of it, as of its own version. */
const versionOfOnly = ({ fieldSelector }: ListQuery, [only, ...others]: readonly KubeObject[]): string | undefined =>
  only && others.length === 0 && fieldSelector === `metadata.name=${only.metadata.name}`
    ? only.metadata.resourceVersion
    : undefined;

const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof ApiError &&
    (error.status >= 500 || error.status === 429 || error.status === 410 || isMissing(error)));

/** A list that is not found: of a kind that is not served, or of nothing at all. */
const isMissing = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** Undefined: the kind is not served any more. A path that is missing although it is served is asked for again, and nothing follows from it. */
const listServed = async (resource: ApiResource, query: ListQuery, { server, send, discovery }: Tools) => {
  try {
    return await listAll(send, resource, query, server);
  } catch (error) {
    if (isMissing(error) && !(await discovery.find(query.apiVersion, query.kind, 0))) return undefined;
    throw error;
  }
};

/** What happened since `known`, which becomes `items`. */
function* difference(known: Map<string, KubeObject>, items: readonly KubeObject[]): Generator<WatchEvent> {
  const now = new Map(items.map((item) => [keyOf(item), item]));
  for (const [key, object] of known) {
    const remaining = now.get(key);
    if (remaining && remaining.metadata.uid === object.metadata.uid) continue;
    known.delete(key);
    yield { type: "DELETED", object };
  }
  for (const [key, object] of now) {
    const before = known.get(key);
    known.set(key, object);
    if (!before) yield { type: "ADDED", object };
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) yield { type: "MODIFIED", object };
  }
}

interface RawEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubeObject;
  /** In characters, as it came. */
  readonly size: number;
}

/** One stream, to its end, however it ends. */
async function* follow(
  resource: ApiResource,
  version: string,
  query: ListQuery,
  signal: AbortSignal,
  { stream, learn }: Tools,
): AsyncGenerator<RawEvent, void, undefined> {
  const response = await stream(
    {
      method: "GET",
      path: pathOf(resource, query.namespace === undefined ? {} : { namespace: query.namespace }),
      query: {
        watch: "1",
        resourceVersion: version,
        allowWatchBookmarks: "true",
        timeoutSeconds: String(WATCH_SECONDS),
        labelSelector: query.labelSelector,
        fieldSelector: query.fieldSelector,
      },
    },
    signal,
  );
  const stop = (): void => {
    response.destroy();
  };
  signal.addEventListener("abort", stop, { once: true });
  response.setTimeout(SILENCE_MS, stop);
  const isOne = isObject(resource, { namespace: query.namespace });
  try {
    for await (const line of linesOf(response.setEncoding("utf8"), MOST_OF_EVENT)) {
      const event = eventOf(line, isOne);
      learnSecrets(event.object, learn);
      yield event;
    }
  } catch (error) {
    // No object can be so large. The next list tells what there is.
    if (error instanceof TooMuch) yield NO_EVENT;
    // Otherwise the line was cut off, and the next watch goes on from the last complete event.
  } finally {
    signal.removeEventListener("abort", stop);
    response.destroy();
  }
}

const NO_EVENT: RawEvent = { type: "ERROR", object: {} as KubeObject, size: 0 };

/** Of a bookmark only the version is there. Anything else that is no event of what is watched is followed by a list. */
const eventOf = (line: string, isOne: (object: unknown) => boolean): RawEvent => {
  const event = parseJson(line);
  const [type, object] = [textAt(event, "type"), at(event, "object")];
  const isEvent =
    type === "BOOKMARK" ? isRecord(at(object, "metadata")) : /^(ADDED|MODIFIED|DELETED)$/.test(type) && isOne(object);
  return isEvent ? { ...(event as RawEvent), size: line.length } : NO_EVENT;
};

/** Leaves a shared piece of work to the others when the signal ends. */
const abandonable = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
