import { type Finding, fail, type Memory, never, ok, type ReadContext } from "../core/check.ts";
import { denialOf } from "../kube/denial.ts";
import { at, describe, isRecord, type KubeObject, numberAt, type ObjectRef, refOf } from "../ports/object.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { claimsProblem } from "./claims.ts";
import { clusterEventsIn } from "./events.ts";
import { labelsAsked } from "./placement.ts";
import { podsProblem } from "./pods.ts";

/** How many pods there should be, are of the newest form, and are ready, under the names that each kind has for them. */
const FIELDS: Readonly<
  Record<string, { readonly wanted: string[]; readonly updated: string; readonly ready: string }>
> = {
  DaemonSet: {
    wanted: ["status", "desiredNumberScheduled"],
    updated: "updatedNumberScheduled",
    ready: "numberReady",
  },
  StatefulSet: { wanted: ["spec", "replicas"], updated: "updatedReplicas", ready: "readyReplicas" },
};

/** A DaemonSet or StatefulSet runs its newest pods. */
export const podSetReady = async (ctx: ReadContext, ref: ObjectRef, memory: Memory): Promise<Finding> => {
  const live = await ctx.cluster.get(ref);
  const fields = FIELDS[ref.kind];
  if (!fields) throw new TypeError(`${ref.kind} has no pods under fixed names`);
  const look = {
    text: `Look at the ${ref.kind}.`,
    command: sh`kubectl describe ${ref.kind.toLowerCase()} ${ref.name} ${inNamespace(ref.namespace)}`,
  };
  if (!live) return fail(`${describe(ref)} does not exist`, { text: "Run install again." }, seen(ref, "", undefined));
  const observed = numberAt(live, "status", "observedGeneration") ?? 0;
  if (observed < (live.metadata.generation ?? 0))
    return fail(`${describe(ref)}: not looked at yet`, look, seen(ref, ".status.observedGeneration", observed));
  const wanted = numberAt(live, ...fields.wanted) ?? 0;
  if (wanted === 0) return noNode(live);
  for (const [field, words] of [
    [fields.updated, "made"],
    [fields.ready, "ready"],
  ] as const) {
    const count = numberAt(live, "status", field) ?? 0;
    if (count >= wanted) continue;
    const text = `${describe(ref)}: ${count} of ${wanted} pods ${words}`;
    return (await causeOf(ctx, live, memory)) ?? fail(text, look, seen(ref, `.status.${field}`, count));
  }
  return ok(`${ref.name} runs`);
};

const seen = (object: ObjectRef, field: string, observed: unknown) => ({ evidence: [{ object, field, observed }] });

const causeOf = async (ctx: ReadContext, live: KubeObject, memory: Memory): Promise<Finding | undefined> => {
  const selector = at(live, "spec", "selector", "matchLabels");
  const refusal =
    (await refusalOf(ctx, live)) ?? (live.kind === "StatefulSet" ? await claimsProblem(ctx, live) : undefined);
  if (refusal || !isRecord(selector)) return refusal;
  const labels = selector as Record<string, string>;
  return podsProblem(ctx, describe(live), live.metadata.namespace ?? "", labels, memory);
};

/** Its controller tells in events alone that it may not make pods. */
const refusalOf = async (ctx: ReadContext, live: KubeObject): Promise<Finding | undefined> => {
  const { uid, namespace = "" } = live.metadata;
  const last = (await clusterEventsIn(ctx, namespace)).findLast(({ about }) => about === uid);
  if (last?.reason !== "FailedCreate") return undefined;
  const denial = denialOf(last.message, namespace);
  if (denial) return never(`${describe(live)} may not make pods: ${denial.message}`, denial.remedy);
  return fail(`${describe(live)} cannot make pods: ${last.message}`, { text: "Mend what it says." });
};

const noNode = (live: KubeObject): Finding => {
  const asked = labelsAsked(at(live, "spec", "template", "spec"));
  const why = asked.length > 0 ? ` with the label ${asked.join(", ")}` : "";
  return fail(
    `${describe(live)}: no node${why} takes its pods`,
    asked.length === 0
      ? { text: "See which nodes there are.", command: sh`kubectl get nodes` }
      : {
          text: "Label the nodes whose logs are to be collected.",
          command: sh`kubectl label nodes NAME ${asked.map((one) => (one.includes("=") ? one : `${one}=true`))}`,
        },
    seen(refOf(live), ".status.desiredNumberScheduled", 0),
  );
};
