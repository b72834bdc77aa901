import { type Finding, fail, type Memory, ok, type ReadContext, skipped, warn } from "../../core/check.ts";
import { at, conditionOf, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { readable } from "../../ports/readable.ts";
import { healthCheck } from "../health-check.ts";
import { securely } from "../knative-service/revision.ts";
import { podsRefused } from "../refused.ts";
import { knativeServices } from "../services.ts";
import { type Barred, listOf } from "./barred.ts";
import { byRange } from "./limit-range.ts";
import { byLevel } from "./pod-security.ts";
import { byQuota } from "./quota.ts";

const REVISION = "serving.knative.dev/revision";

/** Names of the Revisions that a Service sends requests to, or is about to. */
const revisionsOf = (service: KubeObject): readonly string[] => [
  textAt(service, "status", "latestCreatedRevisionName"),
  ...listOf(at(service, "status", "traffic")).map((one) => textAt(one, "revisionName")),
];

const barredIn = async (
  { cluster }: ReadContext,
  deployments: readonly KubeObject[],
): Promise<readonly { readonly deployment: KubeObject; readonly barred: Barred }[]> => {
  const [quotas = [], ranges = [], namespaces = []] = await Promise.all(
    ["ResourceQuota", "LimitRange", "Namespace"].map((kind) => readable(cluster.list({ apiVersion: "v1", kind }))),
  );
  const inOne = (all: readonly KubeObject[], namespace: string | undefined) =>
    all.filter(({ metadata }) => metadata.namespace === namespace);
  return deployments.flatMap((deployment) => {
    const { namespace } = deployment.metadata;
    const own = inOne(ranges, namespace);
    const barred =
      byQuota(deployment, inOne(quotas, namespace), own) ??
      byRange(deployment, own) ??
      byLevel(
        deployment,
        namespaces.find(({ metadata }) => metadata.name === namespace),
      );
    return barred ? [{ deployment, barred }] : [];
  });
};

/** The first whose pods were refused. */
const refusedNow = async (
  ctx: ReadContext,
  deployments: readonly KubeObject[],
  memory: Memory,
): Promise<Finding | undefined> => {
  for (const deployment of deployments) {
    if (conditionOf(deployment, "ReplicaFailure")?.status !== "True") continue;
    const { namespace, labels } = deployment.metadata;
    const finding = await podsRefused(ctx, `Revision ${namespace}/${labels?.[REVISION]}`, deployment, memory);
    if (!finding || !("remedy" in finding)) continue;
    const { facts, remedy, summary } = securely(finding) as typeof finding;
    const evidence = [{ object: refOf(deployment), field: "condition ReplicaFailure", observed: "True" }];
    return fail(summary, remedy, { ...(facts ? { facts } : {}), evidence });
  }
  return undefined;
};

export const podsLetIn = healthCheck({
  id: "services.pods",
  title: "Namespaces let in the pods of their Services",
  needs: ["serving.deployments"],
  symptomOf: ["cluster.admission"],
  reads: [
    "Service.serving.knative.dev",
    "Deployment.apps",
    "ResourceQuota",
    "LimitRange",
    "Namespace",
    "Event",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  ],
  meaning:
    "A quota, a LimitRange or the level of Pod Security refuses a Revision's pods. A Service without pods stays ready all the same, and its next request waits in vain.",
  todo: "Raise the quota, or let the pods ask for what the namespace wants of them; the finding names the field.",
  threads: [
    "knative/serving#4416",
    "knative/serving#13708",
    "knative/serving#4134",
    "knative/serving#14365",
    "knative/serving#13298",
  ],
  run: async (ctx, memory) => {
    const [services, all] = await Promise.all([
      knativeServices(ctx),
      ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
    ]);
    const used = new Set(
      services.flatMap((service) => revisionsOf(service).map((name) => `${service.metadata.namespace}/${name}`)),
    );
    const deployments = all.filter(({ metadata: { namespace, labels } }) =>
      used.has(`${namespace}/${labels?.[REVISION]}`),
    );
    const [refused, barred] = await Promise.all([refusedNow(ctx, deployments, memory), barredIn(ctx, deployments)]);
    if (refused) return refused;
    if (deployments.length === 0) return skipped("there are no Revisions");
    const [first, ...others] = barred;
    if (!first) return ok(`${deployments.length} Revisions`);
    const more =
      others.length > 0
        ? `; so it is with the pods of ${others.length} more ${others.length === 1 ? "Revision" : "Revisions"}`
        : "";
    return warn(
      `the next pod of Revision ${first.deployment.metadata.namespace}/${first.deployment.metadata.labels?.[REVISION]} would be refused: ${first.barred.summary}${more}`,
      first.barred.remedy,
      { evidence: [{ object: refOf(first.deployment), field: "" }, ...first.barred.evidence] },
    );
  },
});
