import type { Labels } from "../../stand-ins/pieces.ts";
import type { Obj } from "../../types.ts";
import { istioCrds } from "../stand-in-crds.ts";
import { controlPlane, ingressGateway, namespace } from "./pieces.ts";

/** As istioctl and Istio's own charts leave a cluster. */

const VERSION = "1.28.6";
const SPACE = "istio-system";
const PLANE = {
  space: SPACE,
  version: VERSION,
  revision: "default",
  name: "istiod",
  injector: "istio-sidecar-injector",
  validator: "istio-validator-istio-system",
  isDefault: true,
} as const;

const byHelm = (release: string, chart: string): Labels => ({
  "app.kubernetes.io/instance": release,
  "app.kubernetes.io/managed-by": "Helm",
  "app.kubernetes.io/name": release,
  "app.kubernetes.io/part-of": "istio",
  "app.kubernetes.io/version": VERSION,
  "helm.sh/chart": `${chart}-${VERSION}`,
});

/** `istioctl install`: profile `default`. */
const BY_ISTIOCTL = { ...byHelm("istio", "istiod"), "install.operator.istio.io/owning-resource": "unknown" };

const fixed = (space: string, name: string, istio: string): readonly Obj[] =>
  ingressGateway({
    space,
    name,
    is: { app: name, istio },
    labels: BY_ISTIOCTL,
    podLabels: { "istio.io/rev": "default" },
    account: `${name}-service-account`,
    image: `docker.io/istio/proxyv2:${VERSION}`,
    targets: [8080, 8443],
  });

export const istioctl = (): readonly Obj[] => [
  namespace(SPACE),
  ...istioCrds(VERSION),
  ...controlPlane({ ...PLANE, labels: BY_ISTIOCTL }),
  ...fixed(SPACE, "istio-ingressgateway", "ingressgateway"),
];

/** Profile `demo`, and one gateway more, for another network. */
export const twoGateways = (): readonly Obj[] => [
  ...istioctl(),
  ...ingressGateway({
    space: SPACE,
    name: "istio-egressgateway",
    is: { app: "istio-egressgateway", istio: "egressgateway" },
    labels: BY_ISTIOCTL,
    account: "istio-egressgateway-service-account",
    image: `docker.io/istio/proxyv2:${VERSION}`,
    targets: [8080, 8443],
    type: "ClusterIP",
  }),
  namespace("edge"),
  ...fixed("edge", "istio-internalgateway", "internalgateway"),
];

/** The charts base, istiod and gateway, the last one as release `istio-ingress`: its label is `istio: ingress`, its ports are 80 and 443. */
const charted = (space: string, podLabels: Labels = {}): readonly Obj[] => [
  namespace(space),
  ...ingressGateway({
    space,
    name: "istio-ingress",
    is: { app: "istio-ingress", istio: "ingress" },
    labels: byHelm("istio-ingress", "gateway"),
    podLabels,
    account: "istio-ingress",
    targets: [80, 443],
  }),
];

export const helm = (): readonly Obj[] => [
  namespace(SPACE),
  ...istioCrds(VERSION),
  ...controlPlane({ ...PLANE, labels: byHelm("istiod", "istiod") }),
  ...charted("istio-ingress"),
];

/** `revision=1-28-6` and a tag for it, beside an older one that nobody uses any more. */
export const revisionAndTag = (): readonly Obj[] => {
  const plane = (version: string, rest: { readonly tag?: string; readonly isDefault?: true }) => {
    const revision = version.replaceAll(".", "-");
    return controlPlane({
      space: SPACE,
      version,
      revision,
      name: `istiod-${revision}`,
      labels: byHelm("istiod", "istiod"),
      injector: `istio-sidecar-injector-${revision}`,
      validator: `istio-validator-${revision}-istio-system`,
      ...rest,
    });
  };
  return [
    namespace(SPACE),
    ...istioCrds(VERSION),
    ...plane("1.27.9", {}),
    ...plane(VERSION, { tag: "prod", isDefault: true }),
    ...charted("ingress", { "istio.io/rev": "prod" }),
  ];
};
