import { fail, ok, skipped, warn } from "../core/check.ts";
import { dataOf, type KubeObject, VERSION_LABEL } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { compareVersions, minorOf } from "../ports/version.ts";
import { configMap, KNATIVE } from "./found.ts";
import { healthCheck } from "./health-check.ts";

const CONFIG = configMap("config-observability");
/** Since this minor metrics are OpenTelemetry's, under new keys, and off (serving pkg/observability). */
const RENAMED = "1.19";
/** Since this minor a template may name the trace (serving #16168). */
const HAS_TRACE_ID = "1.21";

const minorIn = (namespace: KubeObject | undefined): string | undefined =>
  minorOf(namespace?.metadata.labels?.[VERSION_LABEL] ?? "");

const namespace = { apiVersion: "v1", kind: "Namespace", name: KNATIVE };

export const metricsAsked = healthCheck({
  id: "observability.metrics",
  title: "What is said of metrics is what this release reads",
  needs: ["knative.installed"],
  reads: ["ConfigMap", "Namespace"],
  meaning:
    "Metrics have been off since the upgrade to 1.19, without a word: the keys that switched them on are no longer read.",
  todo: "Say it under the new keys: `metrics-protocol: prometheus`, or `http/protobuf` with `metrics-endpoint`. Names of metrics have changed, too.",
  run: async ({ cluster }) => {
    const [config, home] = await Promise.all([cluster.get(CONFIG), cluster.get(namespace)]);
    const data = dataOf(config);
    const minor = minorIn(home);
    if (minor === undefined || compareVersions(minor, RENAMED) < 0) return skipped("this release has the older keys");
    const protocol = data["metrics-protocol"];
    const older = Object.keys(data).filter((key) => key.startsWith("metrics.") || key === "profiling.enable");
    if (protocol !== undefined || older.length === 0) return ok(protocol === undefined ? "off" : protocol);
    const patch = JSON.stringify({ data: { "metrics-protocol": "prometheus" } });
    return warn(
      `metrics are off: ${older.join(", ")} ${older.length === 1 ? "is" : "are"} no longer read since ${RENAMED}`,
      {
        text: "Switch them on under the new key; this starts the pods of every Revision anew.",
        command: sh`kubectl patch configmap config-observability -n ${KNATIVE} --type merge -p ${patch}`,
      },
      { evidence: older.map((key) => ({ object: CONFIG, field: `.data["${key}"]`, observed: data[key] })) },
    );
  },
});

export const requestLogWritten = healthCheck({
  id: "observability.request-log",
  title: "The template of the request log is one that this release can fill in",
  needs: ["knative.installed"],
  reads: ["ConfigMap", "Namespace"],
  meaning: 'In place of each request the log has "Invalid request log template", or nothing.',
  todo: "Remove `logging.request-log-template`: the built-in one is JSON and complete.",
  run: async ({ cluster }) => {
    const [config, home] = await Promise.all([cluster.get(CONFIG), cluster.get(namespace)]);
    const data = dataOf(config);
    if (data["logging.enable-request-log"] !== "true") return skipped("requests are not logged");
    const template = data["logging.request-log-template"];
    if (template === undefined) return ok("the built-in template");
    const minor = minorIn(home);
    const isUnknown =
      /\{\{[^}]*\.TraceID\b/.test(template) && minor !== undefined && compareVersions(minor, HAS_TRACE_ID) < 0;
    if (template.trim() !== "" && !isUnknown) return ok("a template of one's own");
    const patch = JSON.stringify({ data: { "logging.request-log-template": null } });
    return fail(
      isUnknown ? `the template names .TraceID, which Knative ${minor} does not have` : "the template is empty",
      {
        text: "Remove it: the built-in one is JSON and complete.",
        command: sh`kubectl patch configmap config-observability -n ${KNATIVE} --type merge -p ${patch}`,
      },
      { evidence: [{ object: CONFIG, field: '.data["logging.request-log-template"]', observed: template }] },
    );
  },
});

export const observabilityChecks = [metricsAsked, requestLogWritten] as const;
