import { configMap } from "../../checks/found.ts";
import { prometheusAt } from "../../checks/metrics/arrived.ts";
import { metricsExported } from "../../checks/metrics/exported.ts";
import { serviceIn } from "../../checks/service-in-url.ts";
import { ownerOf } from "../../kube/inventory.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { isOpenTelemetry } from "../../metrics/names.ts";
import { pickedBy } from "../../metrics/prometheuses.ts";
import { askedOf, deafKeys, settingsFor } from "../../metrics/settings.ts";
import { UserError } from "../../ports/error.ts";
import { dataOf, describe, type KubeObject, keyOf } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { sh } from "../../ports/shell.ts";
import type { Installation } from "../installation.ts";
import { type Choice, part as partOf, step } from "../part.ts";
import { configMap as dataIn, transforming } from "../serving/transforms.ts";
import { dashboardObject, sidecarOf } from "./grafana.ts";
import { MONITORING, MONITORS, monitorsFor } from "./monitors.ts";
import { next } from "./next.ts";
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
  if (config.metrics !== "none") return;
  const version = manifests.versions.serving ?? "";
  const data = dataOf(await ctx.live.get(CONFIG));
  const switchesOn = "--metrics prometheus switches them on.";
  const deaf = deafKeys(data, version);
  if (deaf.length > 0) {
    ctx.note(`Metrics are off: since 1.19 Knative does not read ${deaf.join(", ")} any more. ${switchesOn}`);
    return;
  }
  if (!isOpenTelemetry(version) || askedOf(data, version).control !== "none") return;
  const monitor = ((await readable(ctx.live.list(MONITORING, "ServiceMonitor"))) ?? []).find(
    (object) => object.metadata.namespace === CONFIG.namespace && ownerOf(object) === undefined,
  );
  if (monitor)
    ctx.note(`Since 1.19 metrics are off unless asked for, and ${describe(monitor)} looks for them. ${switchesOn}`);
};

/** Whether what is sent arrives can be asked of a Prometheus in this cluster alone. */
const sayWhereItIsSent = async (ctx: PlanContext, { config }: Installation): Promise<void> => {
  const { metrics, metricsEndpoint = "" } = config;
  if (metrics !== "otlp") return;
  const { hostname } = new URL(metricsEndpoint);
  if (/^[a-z0-9-]+$/.test(hostname))
    ctx.note(
      `Pods of every namespace look for ${hostname} in their own: write ${hostname}.NAMESPACE where it is a Service.`,
    );
  const service = serviceIn(metricsEndpoint)?.service;
  if (service && (await readable(ctx.live.list("v1", "Service")))?.every((one) => keyOf(one) !== keyOf(service)))
    ctx.note(`${describe(service)} is not there: until it is, all that is measured is lost.`);
  const isNew = dataOf(await ctx.live.get(CONFIG))["metrics-endpoint"] !== metricsEndpoint;
  if (isNew && !prometheusAt(metricsEndpoint))
    ctx.note(`Whether metrics arrive is seen at ${hostname}: the proof cannot ask there.`);
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
      await sayWhereItIsSent(ctx, install);
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
  next,
});
