import { type Labels, object } from "../stand-ins/pieces.ts";
import type { Obj } from "../types.ts";

/** The processes of cert-manager by their label `app`. */
export type Part = "cert-manager" | "cainjector" | "webhook";

export const COMPONENTS: Readonly<Record<Part, string>> = {
  "cert-manager": "controller",
  cainjector: "cainjector",
  webhook: "webhook",
};

export const labels = (version: string, app: Part, component: string | undefined = COMPONENTS[app]): Labels => ({
  app,
  "app.kubernetes.io/name": app,
  "app.kubernetes.io/instance": "cert-manager",
  ...(component ? { "app.kubernetes.io/component": component } : {}),
  "app.kubernetes.io/version": `v${version}`,
});

interface Definition {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly short?: readonly string[];
  readonly scope?: "Cluster";
  readonly component?: string;
}

export const [MAIN, ACME] = ["cert-manager.io", "acme.cert-manager.io"] as const;

const DEFINITIONS: readonly Definition[] = [
  { group: MAIN, kind: "CertificateRequest", plural: "certificaterequests", short: ["cr", "crs"] },
  { group: MAIN, kind: "Certificate", plural: "certificates", short: ["cert", "certs"] },
  { group: ACME, kind: "Challenge", plural: "challenges" },
  { group: MAIN, kind: "ClusterIssuer", plural: "clusterissuers", short: ["ciss"], scope: "Cluster" },
  { group: MAIN, kind: "Issuer", plural: "issuers", short: ["iss"], component: "crds" },
  { group: ACME, kind: "Order", plural: "orders", component: "crds" },
];

/** Holds whatever it is given: the schemas are upstream's work, and the rehearsal's webhook looks at what matters. */
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const definition = (version: string, { group, kind, plural, short, scope, component }: Definition): Obj => {
  const { "app.kubernetes.io/component": _own, ...plain } = labels(version, "cert-manager");
  const own = component ? { ...plain, "app.kubernetes.io/component": component } : plain;
  const crd = object("apiextensions.k8s.io/v1 CustomResourceDefinition", `${plural}.${group}`, own, {
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        categories: group === ACME ? ["cert-manager", "cert-manager-acme"] : ["cert-manager"],
        ...(short ? { shortNames: short } : {}),
      },
      scope: scope ?? "Namespaced",
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: "object", properties: { spec: anything, status: anything } } },
        },
      ],
    },
  });
  crd.metadata.annotations = { "helm.sh/resource-policy": "keep" };
  return crd;
};

/** The kinds, as they stand in cert-manager.yaml. */
export const certManagerCrds = (version: string): readonly Obj[] =>
  DEFINITIONS.map((item) => definition(version, item));
