import { at, describe, isRecord, type KubeObject, refOf } from "../ports/object.ts";
import type { ObjectChange } from "./change.ts";
import { type Check, fail, ok } from "./check.ts";

/** Removed objects are gone, and if not, what holds them. */
export const goneCheck = (removed: readonly ObjectChange[]): Check => ({
  id: "objects.gone",
  title: "Removed objects are gone",
  run: async (ctx) => {
    const left = await Promise.all(
      removed.map(async ({ object, uid }) => {
        const live = await ctx.cluster.get(refOf(object));
        return live && (uid === undefined || live.metadata.uid === uid) ? live : undefined;
      }),
    );
    const holding = left.filter((object) => object !== undefined);
    const [first] = holding;
    if (!first) return ok(`${removed.length} removed`);
    return fail(
      `${describe(first)} is still terminating${heldBy(first)}${holding.length > 1 ? ` (and ${holding.length - 1} more)` : ""}`,
      {
        text: "See what its controller says; what is removed stays removed.",
        command: `kubectl get ${first.kind.toLowerCase()} ${first.metadata.name}${first.metadata.namespace ? ` -n ${first.metadata.namespace}` : ""} -o yaml`,
      },
    );
  },
});

/** `: 1 pods left in it, held by finalizer example.com/x`; empty when nothing is known. A namespace says itself what it waits for. */
export const heldBy = (object: KubeObject): string => {
  const conditions = at(object, "status", "conditions");
  const messages = (Array.isArray(conditions) ? conditions : [])
    .filter(
      (condition) =>
        isRecord(condition) && condition.status === "True" && /Remaining|Failure/.test(String(condition.type)),
    )
    .map((condition) => String(at(condition, "message")));
  const finalizers = [
    ...(object.metadata.finalizers ?? []),
    ...messages.flatMap(namesBefore(/([^\s,]+) in \d+ resource/g)),
  ];
  const left = messages.flatMap((message) =>
    [...message.matchAll(/([^\s,]+?)\.? has (\d+) resource/g)].map(([, kind, count]) => `${count} ${kind}`),
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
