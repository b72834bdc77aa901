import { fail, ok } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { at, describe, isRecord, type KubeObject, type ObjectRef, refOf, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";

const API = "admissionregistration.k8s.io/v1";

interface Orphan {
  readonly configuration: KubeObject;
  readonly service: ObjectRef;
}

/** Services that a configuration sends requests to and that refuse the request when they do not answer. */
const servicesOf = (configuration: KubeObject): readonly ObjectRef[] => {
  const webhooks = Array.isArray(configuration.webhooks) ? configuration.webhooks.filter(isRecord) : [];
  return webhooks.flatMap((webhook): readonly ObjectRef[] => {
    const service = at(webhook, "clientConfig", "service");
    if (service === undefined || webhook.failurePolicy === "Ignore") return [];
    return [
      { apiVersion: "v1", kind: "Service", namespace: textAt(service, "namespace"), name: textAt(service, "name") },
    ];
  });
};

export const admissionAnswered = healthCheck({
  id: "cluster.admission",
  title: "Every webhook of the API server has its Service",
  reads: [
    "Service",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  ],
  meaning:
    "The API server asks a webhook that is gone, and refuses what it would have been asked about: pods, Deployments, whole namespaces.",
  todo: "Delete the configuration, when what it belonged to is uninstalled; else bring the Service back.",
  threads: ["knative/serving#10176"],
  run: async ({ cluster }) => {
    const [mutating, validating] = await Promise.all(
      ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"].map((kind) =>
        cluster.list({ apiVersion: API, kind }),
      ),
    );
    const configurations = [...(mutating ?? []), ...(validating ?? [])];
    const looked = await Promise.all(
      configurations.flatMap((configuration) =>
        servicesOf(configuration).map(
          async (service): Promise<readonly Orphan[]> =>
            (await cluster.get(service)) ? [] : [{ configuration, service }],
        ),
      ),
    );
    const orphans = looked.flat();
    const [first] = orphans;
    if (!first) return ok(`${configurations.length} configurations`);
    const left = [...new Set(orphans.map(({ configuration }) => describe(configuration)))];
    const { kind, metadata } = first.configuration;
    return fail(
      `${few(left)} ${left.length === 1 ? "asks" : "ask"} ${describe(first.service)}, which does not exist`,
      {
        text: "Where what it belonged to is uninstalled, delete it; nothing can answer for it.",
        command: sh`kubectl delete ${kind.toLowerCase()} ${metadata.name}`,
      },
      {
        evidence: orphans.flatMap(({ configuration, service }) => [
          {
            object: refOf(configuration),
            field: ".webhooks[*].clientConfig.service",
            observed: `${service.namespace}/${service.name}`,
          },
          { object: service, field: "" },
        ]),
      },
    );
  },
});
