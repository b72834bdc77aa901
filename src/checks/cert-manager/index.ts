import { certificatesReady, wantedCertificates } from "../../certificates/cert-manager/chain.ts";
import { certManagerAnswers, issuerReadyAt } from "../../certificates/cert-manager/checks.ts";
import { findCertManager, knativeProblem } from "../../certificates/cert-manager/found.ts";
import { NAMESPACE } from "../../certificates/cert-manager/names.ts";
import { type Check, fail, ok, skipped } from "../../core/check.ts";
import { VERSION_LABEL } from "../../ports/object.ts";
import { readerOf } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { crdsEstablished } from "../crds.ts";
import { deploymentsAvailable } from "../deployments.ts";
import { FOUND_BY, KNATIVE } from "../found.ts";
import { CAUSES_OF_DEPLOYMENTS, healthCheck, type Reading } from "../health-check.ts";
import { issuerAsked, whereAsked, whereChosen } from "./asked.ts";
import { commonNamesFit } from "./common-names.ts";
import { issuancePossible } from "./issuance.ts";
import { weekHasRoom } from "./week.ts";

/** The kinds that we and Knative use, in the form of their definitions' names. */
const KINDS = [
  "certificates.cert-manager.io",
  "certificaterequests.cert-manager.io",
  "issuers.cert-manager.io",
  "clusterissuers.cert-manager.io",
  "orders.acme.cert-manager.io",
  "challenges.acme.cert-manager.io",
];

/** What {@link findCertManager} reads. */
const CERT_MANAGER = ["CustomResourceDefinition.apiextensions.k8s.io", "Deployment.apps"] as const;
const ADMISSION = [
  "MutatingWebhookConfiguration.admissionregistration.k8s.io",
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
] as const satisfies readonly Reading[];

export const certManagerKinds: Check = {
  id: "cert-manager.kinds",
  title: "cert-manager's kinds are served",
  run: crdsEstablished(KINDS).run,
};

/** Of whichever cert-manager there is. */
export const certManagerRuns: Check = {
  id: "cert-manager.deployments",
  title: "cert-manager runs",
  run: async (ctx, memory) => {
    const found = await findCertManager(readerOf(ctx.cluster));
    if (!found)
      return fail(`no Deployment of cert-manager in namespace ${NAMESPACE}`, {
        text: "Install it, or have Knative ask nobody: set external-domain-tls in config-network to Disabled.",
        command: sh`kubectl get deployments -A -l app.kubernetes.io/instance=cert-manager`,
      });
    return deploymentsAvailable("cert-manager.deployments", found.deployments).run(ctx, memory);
  },
};

export const certManagerChecks = [
  healthCheck({
    id: "cert-manager.knative",
    title: "Knative asks cert-manager by itself",
    needs: ["knative.installed"],
    reads: [...FOUND_BY, "Namespace"],
    meaning: "This Knative asks for certificates through net-certmanager, which is not installed.",
    todo: "Take a newer Knative, or another way to a certificate.",
    run: whereChosen(async ({ cluster }) => {
      const live = await cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE });
      const version = /^v?(\d+\.\d+)/.exec(live?.metadata.labels?.[VERSION_LABEL] ?? "")?.[1];
      if (version === undefined) return skipped("Knative's version is not known");
      return knativeProblem(version) ?? ok(`Knative ${version} does`);
    }),
  }),
  healthCheck({
    id: "cert-manager.kinds",
    title: "cert-manager's kinds are served",
    needs: ["knative.installed"],
    reads: [...FOUND_BY, "CustomResourceDefinition.apiextensions.k8s.io", "any kind"],
    meaning: "Knative cannot ask cert-manager for certificates.",
    todo: "Run `kn-bootstrap install` again, or install cert-manager's definitions the way it was installed.",
    run: whereAsked(certManagerKinds.run),
  }),
  healthCheck({
    id: "cert-manager.deployments",
    title: certManagerRuns.title,
    needs: ["cert-manager.kinds"],
    reads: [...FOUND_BY, ...CERT_MANAGER, ...CAUSES_OF_DEPLOYMENTS],
    meaning: "No certificate is issued or renewed.",
    todo: "Do what the finding says of the pods.",
    run: whereAsked(certManagerRuns.run),
  }),
  healthCheck({
    id: "cert-manager.webhook",
    title: certManagerAnswers.title,
    needs: ["cert-manager.deployments"],
    reads: [...FOUND_BY, ...ADMISSION, "EndpointSlice.discovery.k8s.io"],
    meaning: "The API server refuses every write of cert-manager's kinds.",
    todo: "Look at the webhook's pods, and at the cainjector, which hands the API server the webhook's CA.",
    run: whereAsked(certManagerAnswers.run),
  }),
  healthCheck({
    id: "cert-manager.issuer",
    title: "The issuer that Knative names is ready",
    needs: ["cert-manager.webhook"],
    reads: [...FOUND_BY, "ClusterIssuer.cert-manager.io"],
    meaning: "cert-manager has no account at the CA, so that it can order nothing.",
    todo: "Do what the finding says: a CA that cannot be reached from the cluster, a root that is not trusted, an external account that is missing.",
    run: whereAsked(async (ctx, memory) => {
      const issuer = await issuerAsked(ctx);
      if (!issuer) return skipped("config-certmanager names no ClusterIssuer");
      const whenAbsent = {
        text: "Make it, or name another one in ConfigMap knative-serving/config-certmanager.",
        command: sh`kubectl get clusterissuers`,
      };
      return issuerReadyAt(issuer, whenAbsent).run(ctx, memory);
    }),
  }),
  commonNamesFit,
  issuancePossible,
  weekHasRoom,
  healthCheck({
    id: "cert-manager.certificates",
    title: "cert-manager has issued the certificates that Knative asked for",
    needs: ["cert-manager.issuer"],
    symptomOf: ["cert-manager.common-names", "cert-manager.issuance"],
    reads: [
      ...FOUND_BY,
      "Certificate.networking.internal.knative.dev",
      "Certificate.cert-manager.io",
      "CertificateRequest.cert-manager.io",
      "Order.acme.cert-manager.io",
      "Challenge.acme.cert-manager.io",
    ],
    meaning: "The Services whose Routes wait for a certificate have none, and answer http alone or not at all.",
    threads: ["knative/serving#14250", "knative/serving#13359", "knative/serving#7035", "knative/serving#12461"],
    todo: "Do what the deepest object of the chain says: Certificate, CertificateRequest, Order, Challenge.",
    run: whereAsked(async (ctx, memory) =>
      (await wantedCertificates(ctx)).length > 0
        ? certificatesReady().run(ctx, memory)
        : skipped("Knative has not asked for a certificate"),
    ),
  }),
] as const;
