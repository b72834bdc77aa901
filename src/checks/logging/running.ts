import { type Check, type Finding, type Memory, ok, type ReadContext, skipped } from "../../core/check.ts";
import { isBad } from "../../core/finding-error.ts";
import type { ObjectRef } from "../../ports/object.ts";
import { deploymentsAvailable } from "../deployments.ts";
import { FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { podSetReady } from "../pod-sets.ts";
import { ELASTICSEARCH, FILEBEAT, FLUENT_BIT, KIBANA } from "./names.ts";

const ID = "logging.running";

/** What runs for each kind of logging, what the others need first. */
export const WORKLOADS: Readonly<Record<string, readonly ObjectRef[]>> = {
  "fluent-bit": [FLUENT_BIT],
  elasticsearch: [ELASTICSEARCH, KIBANA, FILEBEAT],
};

const ready = (ctx: ReadContext, ref: ObjectRef, memory: Memory): Promise<Finding> =>
  ref.kind === "Deployment" ? deploymentsAvailable(ID, [ref]).run(ctx, memory) : podSetReady(ctx, ref, memory);

/** Whatever this kind of logging needs runs; the first that does not is told, as the others wait for it. */
export const loggingRuns = (logging: string): Check => ({
  id: ID,
  title: "What collects and keeps logs runs",
  run: async (ctx, memory) => {
    const refs = WORKLOADS[logging] ?? [];
    const findings = await Promise.all(refs.map((ref) => ready(ctx, ref, memory)));
    const bad = findings.find(isBad);
    if (bad) return bad;
    return refs.length > 0 ? ok(`${refs.map(({ name }) => name).join(", ")} run`) : skipped("no logs are collected");
  },
});

export const loggingFound = healthCheck({
  id: ID,
  title: "What collects and keeps logs runs",
  reads: [...FOUND_BY, "DaemonSet.apps", "StatefulSet.apps", "Deployment.apps", "Pod", "Event", "Node"],
  meaning: "Logs of requests are not collected, or not kept. Services answer all the same.",
  todo: "Do what the finding says of the pods: a volume that is not bound, too little room, a pull that is refused, a process that ends.",
  run: async (ctx, memory) => {
    const { choices } = await findInstallation(ctx.cluster);
    return loggingRuns(String(choices.logging ?? "none")).run(ctx, memory);
  },
});
