import { ELASTIC_CREDENTIALS, LOGGING, OUTPUT_CREDENTIALS } from "../../checks/logging/names.ts";
import { loggingRuns } from "../../checks/logging/running.ts";
import type { Config } from "../../config/config.ts";
import { blank } from "../../core/blank.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { at, type KubeObject, textAt } from "../../ports/object.ts";
import type { Installation } from "../installation.ts";
import { objectsOf, type PartRemoval, step } from "../part.ts";
import { outputSecret } from "./credentials.ts";
import { elastic } from "./elastic.ts";
import { blankSecret, elasticSecret, isKept } from "./elastic-secret.ts";
import { findStores, sendingTo } from "./existing/index.ts";
import { removal } from "./kept.ts";
import { leftOf } from "./left.ts";
import { sayWhichNodes } from "./nodes.ts";
import { fluentBit } from "./shapes.ts";
import { assertStored } from "./stored.ts";

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
  if (config.logging === "elasticsearch") return elastic(manifests, config, await credentials(ctx));
  if (config.logging !== "fluent-bit") return manifests;
  const kept = await ctx.live.get(OUTPUT_CREDENTIALS);
  return fluentBit(manifests, config, outputSecret(install.logsShown, kept));
};

/** Made when its turn comes, once; the plan shows that it will be. */
const credentials = async ({ live, mode, now }: PlanContext): Promise<KubeObject> => {
  const kept = await live.get(ELASTIC_CREDENTIALS);
  if (mode !== "final" && !isKept(kept, now())) return blankSecret(blank("passwords and certificates"));
  return elasticSecret(kept, now());
};

/** What Pod Security calls privileged, and why it has to be. */
const sayWhatIsRead = (ctx: PlanContext): void =>
  ctx.note(
    `Its pods read /var/log of the nodes as root, and keep in /var/lib/kn-bootstrap there how far they are; so namespace ${LOGGING} allows privileged pods.`,
  );

/** Memory of each, as its pods ask for it. */
const sayWhatItAsks = (ctx: PlanContext, objects: readonly KubeObject[]): void => {
  const asked = objects.flatMap((object) => {
    const memory = textAt(object, "spec", "template", "spec", "containers", 0, "resources", "requests", "memory");
    if (!memory) return [];
    const many = object.kind === "DaemonSet" ? " on each node" : "";
    const times = Number(at(object, "spec", "replicas") ?? 1);
    return [`${object.metadata.name} ${times > 1 ? `${times} times ` : ""}${memory}${many}`];
  });
  ctx.note(`Memory that is asked for: ${asked.join(", ")}.`);
};

/** A store that is there may be the better one. */
const sayWhatIsThere = async (ctx: PlanContext, { logging, loggingUrl }: Config): Promise<void> => {
  if (loggingUrl !== undefined) return;
  for (const store of await findStores(ctx.live))
    ctx.note(
      `${store.title} is there already. ${logging === "elasticsearch" ? "To send logs there instead of a second stack" : "To send logs there"}: ${sendingTo(store)}`,
    );
};

/** What collects logs, and what keeps them. */
export const logging = (install: Installation, removing?: PartRemoval) =>
  step({
    id: ID,
    title: TITLES[install.config.logging],
    undo: "Remove what collects logs",
    needs: ["state"],
    before: ["proof"],
    plan: async (ctx) => {
      const objects = await wanted(ctx, install);
      await assertStored(ctx, objects);
      const changes = [
        ...(await removal(ctx, await leftOf(ctx, ID, objects), false)),
        ...(await ctx.reconcile(objects)),
      ];
      if (changes.some(({ action, object }) => action === "create" && object.kind === "DaemonSet")) {
        sayWhatIsRead(ctx);
        sayWhatItAsks(ctx, objects);
        await sayWhatIsThere(ctx, install.config);
      }
      if (changes.some(({ action, object }) => action !== "delete" && object.kind === "DaemonSet"))
        await sayWhichNodes(ctx, install.config);
      return changes;
    },
    absent: (ctx, owned) => removal(ctx, owned, removing?.purge ?? false),
    verify: [loggingRuns(install.config.logging)],
  });
