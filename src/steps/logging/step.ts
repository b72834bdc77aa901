import { LOGGING, OUTPUT_CREDENTIALS } from "../../checks/logging/names.ts";
import { loggingRuns } from "../../checks/logging/running.ts";
import type { Config } from "../../config/config.ts";
import { deletions } from "../../kube/object-change.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import type { KubeObject } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { objectsOf, step } from "../part.ts";
import { outputSecret } from "./credentials.ts";
import { leftOf } from "./left.ts";
import { fluentBit } from "./shapes.ts";

export const ID = "logging";

const TITLES: Readonly<Record<Config["logging"], string>> = {
  none: "Collect no logs",
  "request-logs": "Leave logs to the pods that write them",
  "fluent-bit": "Collect logs with Fluent Bit",
  elasticsearch: "Collect logs with Filebeat, and keep them in Elasticsearch",
};

const wanted = async (ctx: PlanContext, install: Installation): Promise<readonly KubeObject[]> => {
  const { config } = install;
  const manifests = objectsOf(install, ID);
  if (config.logging !== "fluent-bit") return manifests;
  const kept = await ctx.live.get(OUTPUT_CREDENTIALS);
  return fluentBit(manifests, config, outputSecret(install.logsShown, kept));
};

/** What Pod Security calls privileged, and why it has to be. */
const sayWhatIsRead = (ctx: PlanContext): void =>
  ctx.note(
    `Its pods read /var/log of the nodes as root, and keep in /var/lib/kn-bootstrap there how far they are; so namespace ${LOGGING} allows privileged pods.`,
  );

/** What collects logs, and what keeps them. */
export const logging = (install: Installation) =>
  step({
    id: ID,
    title: TITLES[install.config.logging],
    undo: "Remove what collects logs",
    needs: ["state"],
    before: ["proof"],
    plan: async (ctx) => {
      const objects = await wanted(ctx, install);
      const changes = [...deletions(await leftOf(ctx, ID, objects)), ...(await ctx.reconcile(objects))];
      if (changes.some(({ action, object }) => action === "create" && object.kind === "DaemonSet")) sayWhatIsRead(ctx);
      return changes;
    },
    verify: [loggingRuns(install.config.logging)],
  });
