import { fail, ok } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { commandOf, type Fix } from "../../ports/fix.ts";
import { mend } from "../../ports/mend.ts";
import { at, describe, isRecord, type KubeObject, type ObjectRef, refOf, textAt } from "../../ports/object.ts";
import { joined } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";

const API = "admissionregistration.k8s.io/v1";

interface Orphan {
  readonly configuration: KubeObject;
  readonly service: ObjectRef;
}

/** Services that a configuration sends requests to and that refuse the request when they do not answer. */
const servicesOf = (configuration: KubeObject): readonly ObjectRef[] =>
  webhooksOf(configuration).flatMap((webhook): readonly ObjectRef[] => {
    const service = at(webhook, "clientConfig", "service");
    if (service === undefined || webhook.failurePolicy === "Ignore") return [];
    return [
      { apiVersion: "v1", kind: "Service", namespace: textAt(service, "namespace"), name: textAt(service, "name") },
    ];
  });

const webhooksOf = ({ webhooks }: KubeObject) => (Array.isArray(webhooks) ? webhooks.filter(isRecord) : []);

export const admissionAnswered = healthCheck({
  id: "cluster.admission",
  title: "Every webhook of the API server has its Service",
  reads: [
    "Service",
    "Deployment.apps",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  ],
  meaning:
    "The API server asks a webhook that is gone, and refuses what it would have been asked about: pods, Deployments, whole namespaces.",
  todo: "Delete the configuration, when what it belonged to is uninstalled; else bring the Service back.",
  threads: ["knative/serving#10176"],
  run: async ({ cluster }) => {
    const [mutating = [], validating = [], deployments = []] = await Promise.all([
      ...["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"].map((kind) =>
        cluster.list({ apiVersion: API, kind }),
      ),
      cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
    ]);
    const configurations = [...mutating, ...validating];
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
    const left = [...new Set(orphans.map(({ configuration }) => configuration))];
    return fail(
      `${few(left.map(describe))} ${left.length === 1 ? "asks" : "ask"} ${describe(first.service)}, which does not exist`,
      remedyFor(left, orphans, deployments),
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

/** Uninstalled is what has no Service left, in namespaces where nothing runs. Of anything else a Service may come back. */
const remedyFor = (
  left: readonly KubeObject[],
  orphans: readonly Orphan[],
  deployments: readonly KubeObject[],
): Remedy => {
  const isLived = (service: ObjectRef): boolean =>
    deployments.some(({ metadata }) => metadata.namespace === service.namespace);
  const isDead = (configuration: KubeObject): boolean => {
    const own = orphans.filter((orphan) => orphan.configuration === configuration);
    const isWhole = own.length === webhooksOf(configuration).length;
    return isWhole && !own.some(({ service }) => isLived(service));
  };
  const removals = left.map((configuration): readonly [Fix, boolean] => [
    {
      action: "delete",
      object: refOf(configuration),
      safe: "No Service is left for any of its webhooks, and nothing runs in their namespaces.",
    },
    isDead(configuration),
  ]);
  const dead = removals.flatMap(([fix, is]) => (is ? [fix] : []));
  const text = "Where what it belonged to is uninstalled, delete it; nothing can answer for it.";
  if (dead.length > 0) return mend(text, ...dead);
  return {
    text,
    command: joined(
      "\n",
      removals.map(([fix]) => commandOf(fix)),
    ),
  };
};
