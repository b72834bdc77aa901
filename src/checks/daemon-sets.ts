import { type Finding, fail, type Memory, ok, type ReadContext } from "../core/check.ts";
import { at, describe, isRecord, type KubeObject, keyOf, numberAt, type ObjectRef, refOf } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { podsProblem } from "./pods.ts";

/** All of these run on every node that they are for. Where only some nodes lack them, those that have them answer. */
export const daemonSetsReady = async (
  ctx: ReadContext,
  refs: readonly ObjectRef[],
  memory: Memory,
): Promise<Finding> => {
  const all = await ctx.cluster.list({ apiVersion: "apps/v1", kind: "DaemonSet" });
  for (const ref of refs) {
    const live = all.find((one) => keyOf(one) === keyOf(ref));
    const finding = live && (await problemOf(ctx, live, memory));
    if (finding) return finding;
  }
  return ok(refs.map(({ name }) => name).join(", "));
};

const problemOf = async (ctx: ReadContext, live: KubeObject, memory: Memory): Promise<Finding | undefined> => {
  const [wanted, ready] = ["desiredNumberScheduled", "numberReady"].map(
    (field) => numberAt(live, "status", field) ?? 0,
  );
  if (wanted === undefined || ready === undefined || (ready > 0 && ready >= wanted)) return undefined;
  const { name, namespace = "" } = live.metadata;
  const selector = at(live, "spec", "selector", "matchLabels");
  const cause = isRecord(selector)
    ? await podsProblem(ctx, describe(live), namespace, selector as Record<string, string>, memory)
    : undefined;
  return (
    cause ??
    fail(
      `${describe(live)}: ${ready} of ${wanted} pods ready`,
      { text: "Look at the DaemonSet.", command: sh`kubectl describe daemonset ${name} ${inNamespace(namespace)}` },
      { evidence: [{ object: refOf(live), field: ".status.numberReady", observed: ready, expected: wanted }] },
    )
  );
};
