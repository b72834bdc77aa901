import type { ObjectChange } from "../../changes/index.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { numberAt } from "../../ports/object.ts";

/** Knative hands it to each pod of each Revision as a variable (serving pkg/reconciler/revision/resources/queue.go, OBSERVABILITY_CONFIG). */
const HANDED_ON = "config-observability";

/** Says how many pods of others a change of Knative's configuration replaces. */
export const sayWhatRolls = async (
  ctx: Pick<PlanContext, "live" | "note">,
  changes: readonly ObjectChange[],
): Promise<void> => {
  const isHandedOn = changes.some(
    ({ action, object, fields }) =>
      action === "update" &&
      object.kind === "ConfigMap" &&
      object.metadata.name === HANDED_ON &&
      fields.some(({ path }) => path.startsWith(".data")),
  );
  if (!isHandedOn) return;
  const revisions = (await ctx.live.list("apps/v1", "Deployment")).filter(
    ({ metadata }) => metadata.labels?.["serving.knative.dev/revision"],
  );
  const pods = revisions.map((deployment) => numberAt(deployment, "spec", "replicas") ?? 1);
  const running = pods.filter((count) => count > 0);
  if (running.length === 0) return;
  const sum = running.reduce((all, count) => all + count, 0);
  ctx.note(
    `Every pod of a Service gets ${HANDED_ON}: ${running.length} of ${revisions.length} ${revisions.length === 1 ? "revision" : "revisions"} roll, ${sum} ${sum === 1 ? "pod is" : "pods are"} replaced. Services answer meanwhile.`,
  );
};
