import { ok, skipped, warn } from "../core/check.ts";
import { at, dataOf, describe, isRecord, type KubeObject, textAt } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { FOUND_BY, findInstallation } from "./found.ts";
import { healthCheck } from "./health-check.ts";
import { isLogged } from "./logging/request-logs.ts";
import { CONFIG } from "./metrics/asked.ts";

/** Where a node keeps what its containers write: who reads it has a folder of this kind mounted. */
const LOGS = /^\/var\/(log|lib\/docker\/containers)(\/|$)/;

const readsLogs = (workload: KubeObject): boolean => {
  const volumes = at(workload, "spec", "template", "spec", "volumes");
  return (
    Array.isArray(volumes) &&
    volumes.some((volume) => isRecord(volume) && LOGS.test(textAt(volume, "hostPath", "path")))
  );
};

export const requestLogCollected = healthCheck({
  id: "observability.collector",
  title: "Where requests are logged, something collects the logs",
  needs: ["observability.request-log"],
  reads: [...FOUND_BY, "DaemonSet.apps"],
  meaning: "The lines go with their pods: after a scale to zero nobody can look up what was asked.",
  todo: "Let something collect them, or read them while the pods are there: `kn-bootstrap logs requests`.",
  run: async ({ cluster }) => {
    const [config, workloads, { choices }] = await Promise.all([
      cluster.get(CONFIG),
      cluster.list({ apiVersion: "apps/v1", kind: "DaemonSet" }),
      findInstallation(cluster),
    ]);
    if (!isLogged(dataOf(config))) return skipped("requests are not logged");
    const collector = workloads.find(readsLogs);
    if (collector) return ok(`${describe(collector)} reads them`);
    if (choices.logging === "request-logs")
      return ok("they are read from the pods, as --logging request-logs was chosen");
    return warn(
      "requests are logged, and no DaemonSet here reads what pods write",
      {
        text: "Read them while their pods are there, or see docs/logging.md for what collects them:",
        command: sh`kn-bootstrap logs requests`,
      },
      { evidence: [{ object: CONFIG, field: '.data["logging.enable-request-log"]', observed: "true" }] },
    );
  },
});
