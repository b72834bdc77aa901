import type { ReadContext } from "../core/check.ts";
import { ApiError } from "../ports/cluster.ts";
import { at, describe, groupOf, isRecord, type KubeObject, textAt } from "../ports/object.ts";
import { isAlive, podWords } from "./draining.ts";

/**
 * What keeps a terminating object from being gone, by name: `: Pod a/b is draining, for 5 min more at most`. Empty when nothing can be
 * named.
 */
export const deletionBlocker = async (ctx: ReadContext, object: KubeObject): Promise<string> => {
  const named = await namedBlocker(ctx, object).catch((error: unknown) => {
    // This only explains. An account that may not read is told what the object says of itself.
    if (error instanceof ApiError && error.status === 403) return "";
    throw error;
  });
  return named ? `: ${named}` : deletionState(object);
};

const namedBlocker = async (ctx: ReadContext, object: KubeObject): Promise<string> => {
  if (object.kind === "Namespace") return contentOfNamespace(ctx, object);
  return object.kind === "CustomResourceDefinition" ? firstInstance(ctx, object) : "";
};

/** The namespace controller looks at a namespace five seconds after each of its events (pkg/controller/namespace). */
const SETTLING_MS = 15_000;
const FIRST_LOOK = "no pod is left in it, and its controller empties it after some seconds";
const NEXT_LOOK =
  "no pod is left in it, and its controller comes back by itself, at the latest after half of the grace that its pods had";

/** Names the pods of the namespace, else the first object of a kind that its conditions count, else what its controller waits for. */
const contentOfNamespace = async (ctx: ReadContext, { metadata, status }: KubeObject): Promise<string> => {
  const { name: namespace, deletionTimestamp = "" } = metadata;
  const pods = await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace });
  const holding = pods.filter((pod) => isAlive(pod) || pod.metadata.finalizers?.length);
  if (holding.length > 0) return podWords(holding, ctx.now());
  const conditions = at(status, "conditions");
  const said = (Array.isArray(conditions) ? conditions : []).filter(isRecord).filter((one) => one.status === "True");
  // A failure tells more than a count of what is left.
  if (said.some(({ type }) => /Failure/.test(textAt(type)))) return "";
  const messages = said.map(({ message }) => textAt(message));
  const kinds = messages.flatMap((message) =>
    [...message.matchAll(/(?<![^\s,])([^\s,]+) has \d+ resource/g)].map(([, kind]) => String(kind)),
  );
  if (said.length === 0)
    return ctx.now().getTime() - Date.parse(deletionTimestamp) < SETTLING_MS ? FIRST_LOOK : NEXT_LOOK;
  const known = kinds.length > 0 ? await ctx.cluster.resources() : [];
  const kind = known.find(({ apiVersion, plural }) => kinds.includes(`${plural}.${groupOf(apiVersion)}`));
  if (!kind) return "";
  const { apiVersion, kind: name } = kind;
  return wordsFor(await ctx.cluster.list({ apiVersion, kind: name, namespace, metadataOnly: true }), "is left in it");
};

/** The first custom resource of a CustomResourceDefinition. */
const firstInstance = async (ctx: ReadContext, definition: KubeObject): Promise<string> => {
  const versions = at(definition, "spec", "versions");
  const served = (Array.isArray(versions) ? versions : []).find((version) => at(version, "served") === true);
  const apiVersion = `${textAt(definition, "spec", "group")}/${textAt(served, "name")}`;
  const kind = textAt(definition, "spec", "names", "kind");
  return wordsFor(await ctx.cluster.list({ apiVersion, kind, metadataOnly: true }), "is left");
};

const wordsFor = (objects: readonly KubeObject[], state: string): string => {
  const [first] = objects;
  if (!first) return "";
  const { finalizers = [] } = first.metadata;
  const held = finalizers.length > 0 ? `, held by finalizer ${finalizers.join(", ")}` : "";
  return `${describe(first)} ${state}${held}${objects.length > 1 ? ` (and ${objects.length - 1} more)` : ""}`;
};

/** What a terminating object says of itself: `: 1 pods left in it, held by finalizer example.com/x`; empty when it says nothing. */
export const deletionState = (object: KubeObject): string => {
  const conditions = at(object, "status", "conditions");
  const messages = (Array.isArray(conditions) ? conditions : [])
    .filter(
      (condition) =>
        isRecord(condition) && condition.status === "True" && /Remaining|Failure/.test(textAt(condition, "type")),
    )
    .map((condition) => textAt(condition, "message"));
  const finalizers = [
    ...(object.metadata.finalizers ?? []),
    ...messages.flatMap(namesBefore(/(?<![^\s,])([^\s,]+) in \d+ resource/g)),
  ];
  const left = messages.flatMap((message) =>
    [...message.matchAll(/(?<![^\s,])([^\s,]+?)\.? has (\d+) resource/g)].map(([, kind, count]) => `${count} ${kind}`),
  );
  const failures = messages.filter((message) => !/ resource instances/.test(message));
  const parts = [
    ...(left.length > 0 ? [`${left.join(", ")} left in it`] : []),
    ...(finalizers.length > 0 ? [`held by finalizer ${[...new Set(finalizers)].join(", ")}`] : []),
    ...failures,
  ];
  return parts.length > 0 ? `: ${parts.join("; ")}` : "";
};

const namesBefore =
  (pattern: RegExp) =>
  (message: string): readonly string[] =>
    [...message.matchAll(pattern)].flatMap(([, name]) => name ?? []);
