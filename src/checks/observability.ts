import { fail, ok, skipped } from "../core/check.ts";
import { mend } from "../ports/mend.ts";
import { dataOf } from "../ports/object.ts";
import { compareVersions, minorOf } from "../ports/version.ts";
import { requestLogCollected } from "./collector.ts";
import { healthCheck } from "./health-check.ts";
import { isLogged } from "./logging/request-logs.ts";
import { CONFIG, metricsAsked, NAMESPACE, releaseIn } from "./metrics/asked.ts";
import { metricsSent } from "./metrics/sent.ts";
import { tracesAsked } from "./metrics/traces.ts";

/** Since this minor a template may name the trace (serving #16168). */
const HAS_TRACE_ID = "1.21";

export const requestLogWritten = healthCheck({
  id: "observability.request-log",
  title: "The template of the request log is one that this release can fill in",
  needs: ["knative.installed"],
  reads: ["ConfigMap", "Namespace"],
  meaning: 'In place of each request the log has "Invalid request log template", or nothing.',
  todo: "Remove `logging.request-log-template`: the built-in one is JSON and complete.",
  run: async ({ cluster }) => {
    const [config, home] = await Promise.all([cluster.get(CONFIG), cluster.get(NAMESPACE)]);
    const data = dataOf(config);
    if (!isLogged(data)) return skipped("requests are not logged");
    const template = data["logging.request-log-template"];
    if (template === undefined) return ok("the built-in template");
    const minor = minorOf(releaseIn(home) ?? "");
    const isUnknown =
      /\{\{[^}]*\.TraceID\b/.test(template) && minor !== undefined && compareVersions(minor, HAS_TRACE_ID) < 0;
    if (template.trim() !== "" && !isUnknown) return ok("a template of your own");
    return fail(
      isUnknown
        ? `the template names .TraceID, which Knative ${minor} does not have`
        : "the template of the request log is empty, so that nothing is written",
      mend("Remove it: the built-in one is JSON and complete.", {
        action: "patch",
        object: CONFIG,
        patch: { data: { "logging.request-log-template": null } },
        safe: "Nothing that can be read was logged by it.",
      }),
      { evidence: [{ object: CONFIG, field: '.data["logging.request-log-template"]', observed: template }] },
    );
  },
});

export const observabilityChecks = [
  metricsAsked,
  metricsSent,
  tracesAsked,
  requestLogWritten,
  requestLogCollected,
] as const;
