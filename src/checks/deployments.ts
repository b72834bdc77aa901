import { type Check, type Finding, fail, type Memory, ok, type ReadContext } from "../core/check.ts";
import type { Evidence } from "../ports/facts.ts";
import { mend } from "../ports/mend.ts";
import { describe, type KubeObject, numberAt, type ObjectRef, refOf } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { AGAIN } from "./again.ts";
import { newestPodsProblem } from "./pods.ts";
import { podsRefused } from "./refused.ts";

const count = (object: KubeObject, ...path: string[]): number => numberAt(object, ...path) ?? 0;

/** The controller has not read the current generation yet, so the status still describes an older one. */
const isUnseen = (live: KubeObject): boolean =>
  count(live, "status", "observedGeneration") < (live.metadata.generation ?? 0);

/** A field that is not yet as it should be, and the words for it. */
interface Lack extends Evidence {
  readonly text: string;
}

/** Says what is missing until all of its pods are new and available. Undefined: nothing is. */
const lacking = (live: KubeObject): Lack | undefined => {
  const lack = (field: string, observed: number, expected: number, text: string): Lack => ({
    object: refOf(live),
    field: `.status.${field}`,
    observed,
    expected,
    text,
  });
  const wanted = numberAt(live, "spec", "replicas") ?? 1;
  const [updated, available, replicas] = ["updatedReplicas", "availableReplicas", "replicas"].map((field) =>
    count(live, "status", field),
  ) as [number, number, number];
  if (isUnseen(live)) {
    const seen = count(live, "status", "observedGeneration");
    return lack("observedGeneration", seen, live.metadata.generation ?? 0, "not looked at yet");
  }
  if (updated < wanted) return lack("updatedReplicas", updated, wanted, `${updated} of ${wanted} pods made`);
  if (available < wanted) return lack("availableReplicas", available, wanted, `${available} of ${wanted} available`);
  return replicas > updated
    ? lack("replicas", replicas, updated, `${replicas - updated} of the old pods still running`)
    : undefined;
};

const look = ({ metadata }: KubeObject) => ({
  text: "Look at the Deployment.",
  command: sh`kubectl describe deployment ${metadata.name} ${inNamespace(metadata.namespace)}`,
});

/** Nothing lacks to a Deployment that is to have no pods; what needs it does. */
const switchedOff = (live: KubeObject): Finding => {
  const object = refOf(live);
  return fail(
    `${describe(live)} is scaled to no pods at all`,
    mend("Let it run again.", {
      object,
      action: "patch",
      patch: { spec: { replicas: 1 } },
      safe: "Nothing works without it, and one pod is what a release begins with.",
      rest: "Kubernetes makes the pod.",
    }),
    { evidence: [{ object, field: ".spec.replicas", observed: 0, expected: 1 }] },
  );
};

/** `weight` chooses which problem is reported: 3 permanent, 2 a known cause, 1 only a count of pods that are missing. */
interface Problem {
  readonly finding: Finding;
  readonly weight: 1 | 2 | 3;
}

const deploymentProblem = async (
  ctx: ReadContext,
  ref: ObjectRef,
  live: KubeObject | undefined,
  memory: Memory,
): Promise<Problem | undefined> => {
  if (!live) {
    const evidence = [{ object: ref, field: "" }];
    return {
      finding: fail(`${describe(ref)} does not exist`, AGAIN, { evidence }),
      weight: 2,
    };
  }
  if (numberAt(live, "spec", "replicas") === 0) return { finding: switchedOff(live), weight: 2 };
  const missing = lacking(live);
  if (missing === undefined) return undefined;
  const cause = isUnseen(live)
    ? undefined
    : ((await podsRefused(ctx, describe(live), live, memory)) ??
      (await newestPodsProblem(ctx, describe(live), live, memory)));
  if (!cause) {
    const { text, ...evidence } = missing;
    return { finding: fail(`${describe(live)}: ${text}`, look(live), { evidence: [evidence] }), weight: 1 };
  }
  return { finding: cause, weight: "permanent" in cause && cause.permanent ? 3 : 2 };
};

/** All of these Deployments run their newest pods. Listed once per namespace. */
export const deploymentsAvailable = (id: Check["id"], refs: readonly ObjectRef[]): Check => ({
  id,
  title: "Deployments are available",
  run: async (ctx, memory) => {
    const namespaces = [...new Set(refs.map(({ namespace }) => namespace ?? ""))];
    const lists = await Promise.all(
      namespaces.map((namespace) => ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment", namespace })),
    );
    const live = lists.flat();
    const problems = await Promise.all(
      refs.map((ref) =>
        deploymentProblem(
          ctx,
          ref,
          live.find(({ metadata }) => metadata.name === ref.name && metadata.namespace === ref.namespace),
          memory,
        ),
      ),
    );
    const [worst] = problems.filter((one) => one !== undefined).sort((a, b) => b.weight - a.weight);
    return worst?.finding ?? ok(`${refs.map(({ name }) => name).join(", ")} available`);
  },
});
