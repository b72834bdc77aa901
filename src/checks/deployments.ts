import { type Check, fail, ok, type ReadContext } from "../core/check.ts";
import { at, isRecord, type KubeObject, type ObjectRef } from "../ports/object.ts";
import { podsProblem } from "./pods.ts";

const count = (object: KubeObject, ...path: string[]): number => Number(at(object, ...path) ?? 0);

/** Whether the controller has seen the newest spec and all its pods are new and available. */
const isAvailable = (live: KubeObject): boolean => {
  const wanted = Number(at(live, "spec", "replicas") ?? 1);
  return (
    count(live, "status", "observedGeneration") >= (live.metadata.generation ?? 0) &&
    count(live, "status", "updatedReplicas") >= wanted &&
    count(live, "status", "availableReplicas") >= wanted &&
    count(live, "status", "replicas") <= Math.max(wanted, count(live, "status", "updatedReplicas"))
  );
};

const problem = async (ctx: ReadContext, ref: ObjectRef, live: KubeObject | undefined) => {
  const name = `${ref.namespace}/${ref.name}`;
  const look = {
    text: "Look at the Deployment.",
    command: `kubectl describe deployment ${ref.name} -n ${ref.namespace}`,
  };
  if (!live) return fail(`Deployment ${name} does not exist`, { text: "Run install again." });
  if (isAvailable(live)) return undefined;
  const selector = at(live, "spec", "selector", "matchLabels");
  const cause = isRecord(selector)
    ? await podsProblem(ctx, ref.namespace ?? "", selector as Record<string, string>)
    : undefined;
  if (cause) return cause;
  const stuck = at(live, "status", "conditions");
  const failure = Array.isArray(stuck)
    ? stuck.find((condition) => at(condition, "type") === "ReplicaFailure" && at(condition, "status") === "True")
    : undefined;
  const message = failure ? `: ${String(at(failure, "message"))}` : "";
  // Rule 7: a quota or an admission denial does not pass by waiting.
  if (/exceeded quota|denied the request/.test(message))
    return { ...fail(`Deployment ${name} cannot make pods${message}`, look), permanent: true };
  return fail(
    `Deployment ${name}: ${count(live, "status", "availableReplicas")} of ${Number(at(live, "spec", "replicas") ?? 1)} available${message}`,
    look,
  );
};

/** All of these Deployments run their newest pods. Listed once per namespace. */
export const deploymentsAvailable = (id: Check["id"], refs: readonly ObjectRef[]): Check => ({
  id,
  title: "Deployments are available",
  run: async (ctx) => {
    const namespaces = [...new Set(refs.map(({ namespace }) => namespace ?? ""))];
    const lists = await Promise.all(
      namespaces.map((namespace) => ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment", namespace })),
    );
    const live = lists.flat();
    const problems = await Promise.all(
      refs.map((ref) =>
        problem(
          ctx,
          ref,
          live.find(({ metadata }) => metadata.name === ref.name && metadata.namespace === ref.namespace),
        ),
      ),
    );
    const found = problems.filter((one) => one !== undefined);
    return (
      found.find((one) => "permanent" in one && one.permanent) ??
      found[0] ??
      ok(`${refs.map(({ name }) => name).join(", ")} available`)
    );
  },
});
