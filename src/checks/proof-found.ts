import { strategyOf } from "../certificates/index.ts";
import { createNaming } from "../config/naming.ts";
import { type Check, skipped } from "../core/check.ts";
import { HOME, OWNER_LABEL } from "../kube/inventory.ts";
import { at, isRecord, type KubeObject, refOf, textAt } from "../ports/object.ts";
import { FOUND_BY, type Found, findInstallation } from "./found.ts";
import { type HealthCheck, type HealthContext, healthCheck, type Reading } from "./health-check.ts";
import { httpRedirects, serviceAnswers, serviceReady } from "./proof.ts";
import type { Proof } from "./proven.ts";
import { CAUSES_OF_SERVICES } from "./services.ts";
import { startsFromZero, ZERO } from "./zero.ts";

/** The variable whose value the hello program answers with. */
const TARGET = "TARGET";

/** The Service of the proof that runs now, as the step that made it has labelled it. */
const proofIn = async (ctx: HealthContext): Promise<{ readonly proof: Proof; readonly found: Found } | undefined> => {
  const [service] = await ctx.cluster.list({
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    namespace: HOME,
    labelSelector: `${OWNER_LABEL}=proof`,
  });
  if (!service) return undefined;
  const found = await findInstallation(ctx.cluster);
  const {
    ingress,
    exposure,
    template,
    domains: [domain],
    tls,
    serves,
    root,
    secret,
  } = found;
  if (!ingress) return undefined;
  const controller = tls && strategyOf(tls).controller;
  const proof: Proof = {
    config: { ...exposure, tls: tls ?? "none" },
    ingress,
    service: refOf(service),
    greeting: greetingOf(service),
    naming: async () =>
      domain === undefined
        ? undefined
        : createNaming({ template, domain, namespaces: [HOME], isHttps: serves !== "nothing" }),
    reached: {},
    ...(ctx.resolver ? { resolver: ctx.resolver } : {}),
    ...(root ? { root } : {}),
    ...(controller
      ? { secret: (cluster) => controller.secretOf(cluster, refOf(service)) }
      : secret
        ? { secret: async () => secret }
        : {}),
  };
  return { proof, found };
};

const greetingOf = (service: KubeObject): string => {
  const env = at(service, "spec", "template", "spec", "containers", 0, "env");
  return textAt(Array.isArray(env) ? env.filter(isRecord).find(({ name }) => name === TARGET) : undefined, "value");
};

/** Judges the proof that runs; skipped where none does, or where `applies` says that it is not about this. */
const ofProof =
  (make: (proof: Proof) => Check, applies: (proof: Proof, found: Found) => boolean = () => true): HealthCheck["run"] =>
  async (ctx, memory) => {
    const running = await proofIn(ctx);
    if (!running) return skipped("no proof is being given");
    const { proof, found } = running;
    return applies(proof, found) ? make(proof).run(ctx, memory) : skipped("the proof is not about this");
  };

const READS = [...FOUND_BY, "Service.serving.knative.dev"] as const satisfies readonly Reading[];
/** What a request through the gateway takes. */
const ASKED = [...READS, "Service", "Node", "probe"] as const satisfies readonly Reading[];
const OVER_TLS = [
  ...ASKED,
  "Secret",
  "Certificate.networking.internal.knative.dev",
] as const satisfies readonly Reading[];

export const proofChecks = [
  healthCheck({
    id: "proof.ready",
    title: "A Knative Service becomes ready",
    needs: ["serving.webhook", "ingress.deployments", "domain.default"],
    symptomOf: ["cluster.admission"],
    reads: [...READS, ...CAUSES_OF_SERVICES],
    meaning: "Knative cannot bring a Service up, or gives it another URL than the one that was chosen.",
    todo: "Do what the finding says of the deepest object that is not well.",
    run: ofProof(serviceReady),
  }),
  healthCheck({
    id: "proof.http",
    title: "It answers http",
    needs: ["proof.ready", "ingress.address"],
    reads: [...ASKED, "dns"],
    meaning: "The gateway does not answer for a Service that Knative calls ready.",
    todo: "Look at what the gateway says, and whether this machine can reach it; the finding has the request as a command.",
    run: ofProof(serviceAnswers, ({ secret }) => secret === undefined),
  }),
  healthCheck({
    id: "proof.https",
    title: "It answers https with a certificate that verifies",
    needs: ["proof.ready", "ingress.address", "certificate.usable"],
    reads: [...OVER_TLS, "dns"],
    meaning:
      "The gateway does not answer over TLS, with another certificate than the newest, or with one that does not verify.",
    todo: "Look at the gateway's controller, which takes a new certificate up when it starts; the finding has the request as a command.",
    run: ofProof(serviceAnswers, ({ secret }) => secret !== undefined),
  }),
  healthCheck({
    id: "proof.redirect",
    title: "http is redirected to https",
    needs: ["proof.https"],
    reads: OVER_TLS,
    meaning: "Who writes a URL without its scheme is not led to https, or to a port that does not open.",
    todo: "Look at `http-protocol` in ConfigMap knative-serving/config-network.",
    run: ofProof(httpRedirects, ({ secret }, { choices }) => secret !== undefined && choices.http === "redirect"),
  }),
  healthCheck({
    id: ZERO,
    title: "It starts from zero",
    needs: ["proof.ready"],
    reads: [...OVER_TLS, "Pod", "Deployment.apps", "ServerlessService.networking.internal.knative.dev"],
    meaning: "A Service without requests keeps its pods, or the first request after a pause is not answered.",
    todo: "Look at the autoscaler and the activator. `--skip-checks proof.zero` leaves this out of an install.",
    run: ofProof(startsFromZero),
  }),
] as const;
