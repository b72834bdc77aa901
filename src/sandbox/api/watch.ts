/** Watches: what happened since a resourceVersion and what happens from now on, as a stream of JSON lines. */

import type { StatusError } from "../types.ts";
import { inVersion } from "./codec.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf, storageKey } from "./resource.ts";
import { selection } from "./selectors.ts";
import { bodyOf, internal, invalid, prohibited, refuse } from "./status.ts";
import type { Change, Store } from "./store.ts";
import { textOf } from "./store.ts";

/** Writes lines until it calls `end`; returns what stops it early. */
export type Stream = (write: (line: string | Buffer) => void, end: () => void) => () => void;

const DEFAULT_SECONDS = 1800;
const BOOKMARK_EVERY = 60_000;

export const expired = (asked: number, oldest: number): StatusError =>
  refuse(410, "Expired", `too old resource version: ${asked} (${oldest})`);

export const badVersion = (text: string): StatusError =>
  internal(
    `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );

function checkInitialEvents(query: Readonly<Record<string, string>>, lists: boolean): void {
  const refused = (why: string): Error =>
    invalid("meta.k8s.io", "ListOptions", "", [prohibited("sendInitialEvents", why)]);
  if (!lists) throw refused("sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled");
  if (query.resourceVersionMatch !== "NotOlderThan")
    throw refused("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
}

/** `lists`: whether the server can begin a watch with a list. Throws StatusError where the request itself is wrong. */
export function watch(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: Readonly<Record<string, string>>,
  lists: boolean,
): Stream {
  const asked = query.resourceVersion ?? "";
  if (asked !== "" && !/^\d+$/.test(asked)) throw badVersion(asked);
  const selected = selection(resource, query) ?? (() => true);
  const initial = query.sendInitialEvents === "true";
  if (initial) checkInitialEvents(query, lists);
  const from = asked === "" || asked === "0" || initial ? undefined : Number(asked);
  const key = storageKey(resource);
  const bookmarks = query.allowWatchBookmarks === "true";

  const inScope = (change: Change): boolean =>
    change.key === key && (namespace === undefined || change.object.metadata.namespace === namespace);

  return (write, end) => {
    const send = (type: string, text: string): void => write(`{"type":"${type}","object":${text}}\n`);
    const show = (change: Change): void => {
      const { before, object } = change;
      const was = before !== undefined && selected(before);
      const is = change.type !== "DELETED" && selected(object);
      if (!was && !is) return;
      const type = !was ? "ADDED" : is ? "MODIFIED" : "DELETED";
      send(type, textOf(inVersion(resource, object)));
    };
    const bookmark = (annotations: object): void =>
      send(
        "BOOKMARK",
        JSON.stringify({
          kind: resource.kind,
          apiVersion: apiVersionOf(resource),
          metadata: { resourceVersion: String(store.version()), ...annotations },
        }),
      );

    let missed: readonly Change[] = [];
    if (from === undefined) {
      for (const object of store.list(key, namespace))
        if (selected(object)) send("ADDED", textOf(inVersion(resource, object)));
      if (initial && bookmarks) bookmark({ annotations: { "k8s.io/initial-events-end": "true" } });
    } else {
      const found = store.since(from, key);
      if (!found) {
        send("ERROR", JSON.stringify(bodyOf(expired(from, store.version()))));
        end();
        return () => undefined;
      }
      missed = found;
    }
    // Changes already written but not yet announced are in the list or in the history: they must not come twice.
    let last = store.version();
    for (const change of missed) if (inScope(change)) show(change);
    const off = store.onChange((change) => {
      if (change.version <= last) return;
      last = change.version;
      if (inScope(change)) show(change);
    });
    const seconds = query.timeoutSeconds ? Number(query.timeoutSeconds) : DEFAULT_SECONDS;
    const timer = setTimeout(() => {
      stop();
      end();
    }, seconds * 1000);
    const ticker = bookmarks ? setInterval(() => bookmark({}), BOOKMARK_EVERY) : undefined;
    const stop = (): void => {
      off();
      clearTimeout(timer);
      clearInterval(ticker);
    };
    return stop;
  };
}
