import { fail, ok, type ReadContext } from "../core/check.ts";
import { few } from "../ports/few.ts";
import { describe, type KubeObject } from "../ports/object.ts";
import { CAUSES_OF_PODS, healthCheck } from "./health-check.ts";
import { isReady, whyNotReady } from "./knative-service/index.ts";

export const knativeServices = ({ cluster }: ReadContext): Promise<readonly KubeObject[]> =>
  cluster.list({ apiVersion: "serving.knative.dev/v1", kind: "Service" });

/** What {@link whyNotReady} looks at. */
export const CAUSES_OF_SERVICES = [
  "Service.serving.knative.dev",
  "Configuration.serving.knative.dev",
  "Route.serving.knative.dev",
  "Revision.serving.knative.dev",
  "Deployment.apps",
  ...CAUSES_OF_PODS,
] as const;

export const servicesReady = healthCheck({
  id: "services.ready",
  title: "Every Knative Service is ready",
  needs: ["serving.deployments", "serving.webhook", "ingress.deployments"],
  symptomOf: [
    "cluster.admission",
    "network.class",
    "contour.services",
    "contour.delegation",
    "gateway-api.gateways",
    "certificate.usable",
    "network.redirect",
    "istio.probed-service",
    "istio.gateway-pods",
    "istio.tls-names",
    "mesh.outside",
    "ingress.probes",
    "ingress.address",
    "ingress.endpoints",
    "knative.whole",
    "services.hosts",
    "services.pods",
    "network.classes",
    "serving.admission",
    "cert-manager.certificates",
  ],
  reads: CAUSES_OF_SERVICES,
  meaning: "A Service does not answer, or answers with an older Revision.",
  todo: "Do what the finding says of the deepest object that is not well; `kn-bootstrap status --services` lists all of them.",
  run: async (ctx, memory) => {
    const all = await knativeServices(ctx);
    const [first, ...others] = all.filter((service) => !isReady(service));
    if (!first) return ok(`${all.length} of ${all.length} ready`);
    const finding = await whyNotReady(ctx, first, memory);
    if (others.length === 0 || !("remedy" in finding)) return finding;
    return fail(`${finding.summary}; not ready either: ${few(others.map(describe))}`, finding.remedy);
  },
});
