import { type Finding, ok, skipped, warn } from "../../core/check.ts";
import { isOpenTelemetry } from "../../metrics/names.ts";
import { askedOf, deafKeys, type MetricsChoice, settingsFor } from "../../metrics/settings.ts";
import type { Remedy } from "../../ports/error.ts";
import { mend } from "../../ports/mend.ts";
import { dataOf, describe, type KubeObject, textAt, VERSION_LABEL } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { sh } from "../../ports/shell.ts";
import { minorOf } from "../../ports/version.ts";
import { configMap, FOUND_BY, findInstallation, KNATIVE } from "../found.ts";
import { type HealthContext, healthCheck } from "../health-check.ts";

export const CONFIG = configMap("config-observability");

/** Of Serving; undefined: nothing says it, or it is no release. */
export const releaseIn = (namespace: KubeObject | undefined): string | undefined => {
  const version = namespace?.metadata.labels?.[VERSION_LABEL] ?? "";
  return minorOf(version) === undefined ? undefined : version;
};

export const NAMESPACE = { apiVersion: "v1", kind: "Namespace", name: KNATIVE };

/** As it is kept; undefined: nobody chose, or what we do not know. */
const chosenIn = (choices: Readonly<Record<string, unknown>>): MetricsChoice | undefined => {
  const metrics = (["prometheus", "otlp"] as const).find((one) => one === choices.metrics);
  const metricsEndpoint = textAt(choices, "metrics-endpoint");
  if (metrics === undefined || (metrics === "otlp" && !URL.canParse(metricsEndpoint))) return undefined;
  return { metrics, ...(metricsEndpoint ? { metricsEndpoint } : {}) };
};

const evidence = (data: Readonly<Record<string, string>>, keys: readonly string[]) => ({
  evidence: keys.map((key) => ({ object: CONFIG, field: `.data["${key}"]`, observed: data[key] })),
});

const notAsChosen = (
  chosen: MetricsChoice | undefined,
  data: Readonly<Record<string, string>>,
  version: string,
): Finding | undefined => {
  const wanted = chosen ? settingsFor(chosen, version) : {};
  const other = Object.keys(wanted).filter((key) => data[key] !== wanted[key]);
  if (!chosen || other.length === 0) return undefined;
  return warn(
    `--metrics ${chosen.metrics} was chosen, but ${other.map((key) => `${key} is ${data[key] ?? "not there"}`).join(", ")}`,
    {
      text: "Whoever wrote it meant something else; this sets it as it was chosen, and pods are made anew:",
      command: sh`kn-bootstrap install`,
    },
    evidence(data, other),
  );
};

/** Keys that another release reads. */
const deaf = (data: Readonly<Record<string, string>>, version: string): Finding | undefined => {
  const keys = deafKeys(data, version);
  const are = keys.length === 1 ? "is" : "are";
  if (keys.length === 0) return undefined;
  if (!isOpenTelemetry(version))
    return warn(
      `${keys.join(", ")} ${are} not read before 1.19`,
      {
        text: "Remove them; this release shows metrics by itself.",
        command: sh`kubectl edit configmap config-observability -n ${KNATIVE}`,
      },
      evidence(data, keys),
    );
  if (data["metrics-protocol"] !== undefined) return undefined;
  return warn(
    `metrics are off: ${keys.join(", ")} ${are} no longer read since 1.19`,
    switchedOn(data["metrics.backend-destination"] === "prometheus"),
    evidence(data, keys),
  );
};

/** Monitors of the Prometheus operator that look for metrics of Knative's own. The account may not read them: none. */
const monitorsIn = async ({ cluster }: Pick<HealthContext, "cluster">): Promise<readonly KubeObject[]> =>
  (await readable(
    cluster.list({ apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", namespace: KNATIVE }),
  )) ?? [];

/** @param wasPrometheus where they went to a collector, only who runs it knows where it takes OTLP */
const switchedOn = (wasPrometheus: boolean): Remedy => {
  const { fixes, ...byHand } = mend(
    "Switch them on under the keys of this release; this starts the pods of every Revision anew. Knative's own pods read it when they start: restart its Deployments afterwards.",
    {
      action: "patch",
      object: CONFIG,
      patch: { data: { "metrics-protocol": "prometheus", "request-metrics-protocol": "prometheus" } },
      safe: "They were asked for. The pods of every Revision start anew; Knative's own read it when they do.",
    },
  );
  return wasPrometheus && fixes ? { ...byHand, fixes } : byHand;
};

export const metricsAsked = healthCheck({
  id: "observability.metrics",
  title: "What is said of metrics is what this release reads",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Namespace", "ServiceMonitor.monitoring.coreos.com"],
  meaning:
    "Metrics are not what somebody asked for. Since 1.19 they are off by themselves, and the keys that switched them on before are no longer read, without a word.",
  todo: "Say it under the keys of this release: `kn-bootstrap install --metrics prometheus`, or `metrics-protocol` and `request-metrics-protocol`. Names of metrics have changed, too.",
  run: async ({ cluster }) => {
    const [config, home, { choices }] = await Promise.all([
      cluster.get(CONFIG),
      cluster.get(NAMESPACE),
      findInstallation(cluster),
    ]);
    const data = dataOf(config);
    const version = releaseIn(home);
    if (version === undefined) return skipped("the namespace does not say which release this is");
    const trouble = notAsChosen(chosenIn(choices), data, version) ?? deaf(data, version);
    if (trouble) return trouble;
    const { control, requests } = askedOf(data, version);
    const [monitor] = control === "none" ? await monitorsIn({ cluster }) : [];
    if (monitor)
      return warn(
        `metrics are off, as they are since 1.19 unless asked for, and ${describe(monitor)} looks for them`,
        switchedOn(true),
      );
    const words = (protocol: string): string => (protocol === "none" ? "off" : protocol);
    return ok(control === requests ? words(control) : `${words(control)}; of requests: ${words(requests)}`);
  },
});
