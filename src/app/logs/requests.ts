import type { Emit } from "../../core/event.ts";
import type { ClusterRead, WatchEvent } from "../../ports/cluster.ts";
import type { PodLogs } from "../../ports/logs.ts";
import { type KubeObject, keyOf, textAt } from "../../ports/object.ts";
import { followedLog, hasStarted, keptLog, type Reading } from "./container-log.ts";
import { createPosition, type LogLine, type Position } from "./line.ts";
import { createFeed, merged } from "./merge.ts";
import { assertLogged } from "./preconditions.ts";
import { type LoggedRequest, requestOf, SERVICE } from "./request.ts";
import { createRights, isForbidden, mayNotList } from "./rights.ts";

export interface RequestsQuery {
  /** Absent: all. */
  readonly namespace?: string;
  readonly service?: string;
  /** In seconds; absent: all that is kept. */
  readonly since?: number;
  readonly follow: boolean;
  /** Only those that were answered with 400 or more. */
  readonly errors: boolean;
  /** Only those that took as long, in seconds. */
  readonly slowerThan?: number;
}

export interface RequestsTools {
  readonly cluster: ClusterRead & PodLogs;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

interface Told {
  readonly at: bigint;
  readonly request: LoggedRequest;
}

/**
 * The requests to Knative Services as queue-proxy of their pods logged them, in the order in which they were answered, each once. With `follow`
 * it goes on with those that come, whatever pods answer them, until the signal ends it; otherwise it ends with what there is. Throws UserError
 * where nothing can be found.
 */
export async function* requestsOf(
  query: RequestsQuery,
  tools: RequestsTools,
): AsyncGenerator<LoggedRequest, void, undefined> {
  const { cluster, emit, signal } = tools;
  await assertLogged(query, cluster);
  const rights = createRights(emit);
  const reading = readingOf(query, tools);
  const podsQuery = {
    apiVersion: "v1",
    kind: "Pod",
    labelSelector: query.service === undefined ? SERVICE : `${SERVICE}=${query.service}`,
    ...(query.namespace === undefined ? {} : { namespace: query.namespace }),
  };
  const pods = await cluster.list(podsQuery).catch((error: unknown) => {
    throw isForbidden(error) ? mayNotList(error, "pods", query.namespace, "requests") : error;
  });
  if (pods.length === 0) emit({ type: "note", level: "info", text: noPods(query) });

  const positions = new Map<string, Position>();
  const told = (pod: KubeObject, lines: AsyncIterable<LogLine>): AsyncIterable<Told> =>
    rights.counted(pod, requestsIn(pod, lines, query));
  const kept = pods.map((pod) => {
    const { position, lines } = keptLog(pod, reading);
    positions.set(uidOf(pod), position);
    return told(pod, lines);
  });
  for await (const { request } of merged(kept)) yield request;
  signal.throwIfAborted();
  rights.assertSome();
  if (!query.follow) return;

  const feed = createFeed<Told>(signal);
  const follow = async (pod: KubeObject, now: () => KubeObject | undefined): Promise<void> => {
    const position = positions.get(uidOf(pod)) ?? createPosition();
    positions.delete(uidOf(pod));
    for await (const one of told(pod, followedLog(pod, position, reading, now))) await feed.add(one);
    rights.assertSome();
  };
  followAll(cluster.watch(podsQuery, signal, pods), pods, (pod, now) => void follow(pod, now).catch(feed.fail)).catch(
    feed.fail,
  );
  for await (const { request } of feed.lines()) yield request;
}

const uidOf = ({ metadata: { uid = "" } }: KubeObject): string => uid;

/** What is said once about a log that cannot be read. */
const MOST_SAID = 1000;

const readingOf = ({ since }: RequestsQuery, { cluster, emit, signal, now }: RequestsTools): Reading => {
  const said = new Set<string>();
  return {
    logs: cluster,
    signal,
    ...(since === undefined ? {} : { since: new Date(now().getTime() - since * 1000).toISOString() }),
    onTrouble: (pod, why) => {
      const key = `${keyOf(pod)} ${why}`;
      if (said.has(key)) return;
      if (said.size >= MOST_SAID) said.clear();
      said.add(key);
      emit({ type: "note", level: "warning", text: `The log of pod ${pod.metadata.name} cannot be read: ${why}` });
    },
  };
};

/** Begins with each pod once it has started; `now` says how it was last seen, and is undefined when nothing more comes from it. */
const followAll = async (
  events: AsyncIterable<WatchEvent>,
  pods: readonly KubeObject[],
  begin: (pod: KubeObject, now: () => KubeObject | undefined) => void,
): Promise<void> => {
  const living = new Map<string, KubeObject>();
  const begun = new Set<string>();
  const look = (pod: KubeObject): void => {
    const uid = uidOf(pod);
    if (isOver(pod)) living.delete(uid);
    else living.set(uid, pod);
    if (begun.has(uid) || !hasStarted(pod)) return;
    begun.add(uid);
    begin(pod, () => living.get(uid));
  };
  for (const pod of pods) look(pod);
  for await (const event of events) {
    if (event.type === "DELETED") {
      living.delete(uidOf(event.object));
      begun.delete(uidOf(event.object));
    } else if (event.type !== "SYNCED") look(event.object);
  }
};

const isOver = (pod: KubeObject): boolean => /^(Succeeded|Failed)$/.test(textAt(pod, "status", "phase"));

async function* requestsIn(
  pod: KubeObject,
  lines: AsyncIterable<LogLine>,
  { errors, slowerThan = 0 }: RequestsQuery,
): AsyncGenerator<Told, void, undefined> {
  for await (const line of lines) {
    const request = requestOf(line, pod);
    if (request && (!errors || request.status >= 400) && request.seconds >= slowerThan) yield { at: line.at, request };
  }
}

const noPods = ({ service, follow }: RequestsQuery): string =>
  [
    `${service === undefined ? "No Service has a pod" : `Service ${service} has no pod`} now.`,
    "Logs go with the pods that wrote them, so nothing is kept of what is scaled to zero.",
    follow ? "The next request is waited for." : "With --follow the next request is waited for.",
  ].join(" ");
