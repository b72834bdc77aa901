import { configMap } from "../../checks/found.ts";
import { metricsExported } from "../../checks/metrics/exported.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { isOpenTelemetry } from "../../metrics/names.ts";
import { pickedBy } from "../../metrics/prometheuses.ts";
import { deafKeys, settingsFor } from "../../metrics/settings.ts";
import { UserError } from "../../ports/error.ts";
import { dataOf, type KubeObject } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { sh } from "../../ports/shell.ts";
import type { Installation } from "../installation.ts";
import { type Choice, part as partOf, step } from "../part.ts";
import { configMap as dataIn, transforming } from "../serving/transforms.ts";
import { dashboardObject, sidecarOf } from "./grafana.ts";
import { MONITORING, MONITORS, monitorsFor } from "./monitors.ts";
import { options } from "./options.ts";
import { telling } from "./processes.ts";

const ID = "metrics";
const CONFIG = configMap("config-observability");

const servingOf = ({ release }: Choice): string => release.versions.serving ?? release.minor;

/** OpenCensus speaks no OTLP. */
const fits = (choice: Choice): void => {
  if (choice.config.metrics !== "otlp" || isOpenTelemetry(servingOf(choice))) return;
  throw new UserError({
    id: "metrics.otlp",
    what: `--metrics otlp does not go with Knative ${choice.release.minor}.`,
    why: "Since 1.19 Knative speaks OpenTelemetry; before, it was OpenCensus, which nothing takes any more.",
    remedy: { text: "Take Prometheus, or a newer Knative:", command: sh`kn-bootstrap install --metrics prometheus` },
    kind: "input",
  });
};

/** What is there and can look at it. */
const monitors = async (ctx: PlanContext, install: Installation): Promise<readonly KubeObject[]> => {
  if (install.config.metrics !== "prometheus" || !install.isMonitored) return [];
  const { labels, by, others } = pickedBy((await readable(ctx.live.list(MONITORING, "Prometheus"))) ?? []);
  if (by === undefined)
    ctx.note(
      others.length === 0
        ? "No Prometheus of the operator is there yet that would look at the monitors of Knative."
        : `Prometheus ${others.join(", ")} picks monitors by more than labels: see that it picks those in namespace knative-serving.`,
    );
  return monitorsFor(install, labels);
};

const dashboards = async (ctx: PlanContext, install: Installation): Promise<readonly KubeObject[]> => {
  if (install.config.metrics === "none") return [];
  const sidecar = sidecarOf((await readable(ctx.live.list("apps/v1", "Deployment"))) ?? []);
  return sidecar ? [dashboardObject(install, sidecar)] : [];
};

/** What somebody might take for switched on. */
const sayWhatIsOff = async (ctx: PlanContext, { config, manifests }: Installation): Promise<void> => {
  const deaf = deafKeys(dataOf(await ctx.live.get(CONFIG)), manifests.versions.serving ?? "");
  if (config.metrics !== "none" || deaf.length === 0) return;
  ctx.note(
    `Metrics are off: since 1.19 Knative does not read ${deaf.join(", ")} any more. --metrics prometheus switches them on.`,
  );
};

const metrics = (install: Installation) => {
  const isOn = install.config.metrics !== "none";
  return step({
    id: ID,
    title: isOn ? "Let Knative be measured" : "Leave Knative unmeasured",
    undo: "Let nobody measure Knative any more",
    needs: ["ingress", "webhook"],
    before: ["proof"],
    plan: async (ctx) => {
      await sayWhatIsOff(ctx, install);
      const objects = [...(await monitors(ctx, install)), ...(await dashboards(ctx, install))];
      return [...(await ctx.prune(objects)), ...(await ctx.reconcile(objects))];
    },
    verify: install.config.metrics === "prometheus" ? [metricsExported] : [],
  });
};

export const part = partOf({
  id: ID,
  options,
  kinds: MONITORS,
  transform: (choice) => {
    fits(choice);
    return transforming(dataIn("config-observability", settingsFor(choice.config, servingOf(choice))), telling(choice));
  },
  steps: (install) => [metrics(install)],
});
