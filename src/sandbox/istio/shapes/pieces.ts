import { deployment, type Labels, object, rule, service } from "../../stand-ins/pieces.ts";
import type { Obj } from "../../types.ts";
import { defaultValidator, injector, type Place, validator } from "../stand-in-webhooks.ts";

/** What the installers of Istio make, reduced to what somebody acts on. */

const RBAC = "rbac.authorization.k8s.io";

export const namespace = (name: string, labels: Labels = {}): Obj => object("v1 Namespace", name, labels, {});

const textOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");

const account = (space: string, name: string, labels: Labels): Obj =>
  object("v1 ServiceAccount", `${space}/${name}`, labels, {});

export interface ControlPlane {
  readonly space: string;
  readonly version: string;
  readonly revision: string;
  /** `istiod`, or with its revision behind. */
  readonly name: string;
  /** Of everything that the installer makes. */
  readonly labels: Labels;
  /** Where it is not in Istio's own registry. */
  readonly image?: string;
  /** Names of its webhook configurations. */
  readonly injector: string;
  readonly validator: string;
  /** Another name of the revision. */
  readonly tag?: string;
  /** It looks at objects that name no revision as well. */
  readonly isDefault?: true;
}

/** istiod, its rights and its webhooks. */
export const controlPlane = (plane: ControlPlane): readonly Obj[] => {
  const { space, version, revision, name, tag, image = `docker.io/istio/pilot:${version}` } = plane;
  const labels = { ...plane.labels, "istio.io/rev": revision };
  const is: Labels = revision === "default" ? { istio: "pilot" } : { "istio.io/rev": revision };
  const place: Place = { namespace: space, service: name, revision };
  const see = rule([""], "secrets,configmaps,services,endpoints,pods,nodes,namespaces", "get,list,watch");
  return [
    account(space, name, labels),
    object(`${RBAC}/v1 ClusterRole`, `${name}-clusterrole-${space}`, labels, { rules: [see] }),
    object(`${RBAC}/v1 ClusterRoleBinding`, `${name}-clusterrole-${space}`, labels, {
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: `${name}-clusterrole-${space}` },
      subjects: [{ kind: "ServiceAccount", name, namespace: space }],
    }),
    object("v1 ConfigMap", `${space}/istio${name.slice("istiod".length)}`, labels, { data: { mesh: "{}\n" } }),
    deployment({
      name: `${space}/${name}`,
      labels: { ...labels, app: "istiod", ...is },
      selector: `app=istiod,${textOf(is)}`,
      account: name,
      container: "discovery",
      image,
      requests: "500m/2048Mi",
      ports: "8080/TCP 15010/TCP 15017/TCP",
      podLabels: { ...labels, "sidecar.istio.io/inject": "false" },
      containerSpec: { args: ["discovery"] },
    }),
    service(
      `${space}/${name}`,
      { ...labels, app: "istiod", ...is },
      `app=istiod,${textOf(is)}`,
      "grpc-xds:15010/TCP https-dns:15012/TCP https-webhook:443>15017/TCP",
    ),
    injector(version, { ...labels, app: "sidecar-injector" }, plane.injector, place),
    validator(version, { ...labels, app: "istiod", istio: "istiod" }, plane.validator, place),
    ...(plane.isDefault ? [defaultValidator(version, { ...labels, app: "istiod" }, place)] : []),
    ...(tag
      ? [
          injector(version, { ...labels, app: "sidecar-injector", "istio.io/tag": tag }, `istio-revision-tag-${tag}`, {
            ...place,
            revision: tag,
          }),
        ]
      : []),
  ];
};

export interface IngressGateway {
  readonly space: string;
  readonly name: string;
  /** What its Service selects by. */
  readonly is: Labels;
  /** Of everything that the installer makes. */
  readonly labels: Labels;
  /** Of its pods besides. */
  readonly podLabels?: Labels;
  readonly account: string;
  /** `docker.io/istio/proxyv2:1.28.6`; absent: istiod fills the pods in. */
  readonly image?: string;
  /** Of the pods: where 80 and 443 lead. */
  readonly targets: readonly [http: number, https: number];
  /** Absent: its labels are those of the selector and of the installer. */
  readonly serviceLabels?: Labels;
  readonly type?: "LoadBalancer" | "ClusterIP";
  /** Its Service; as the Deployment where absent. */
  readonly service?: string;
}

const FILLED_IN = { metadata: { annotations: { "inject.istio.io/templates": "gateway" } } };

/** Pods that are Envoys, their Service, and the right to read Secrets beside them. */
export const ingressGateway = (gateway: IngressGateway): readonly Obj[] => {
  const { space, name, is, image, targets, type = "LoadBalancer" } = gateway;
  const labels = { ...gateway.labels, ...is };
  const injected = { "sidecar.istio.io/inject": image ? "false" : "true" };
  const pods = deployment({
    name: `${space}/${name}`,
    labels,
    selector: textOf(is),
    account: gateway.account,
    container: "istio-proxy",
    image: image ?? "auto",
    requests: "100m/128Mi",
    ports: "http-envoy-prom:15090/TCP",
    podLabels: { ...gateway.labels, ...gateway.podLabels, ...injected },
    containerSpec: image
      ? {
          args: ["proxy", "router"],
          volumeMounts: [
            { name: "ingressgateway-certs", mountPath: "/etc/istio/ingressgateway-certs", readOnly: true },
          ],
        }
      : {},
    podSpec: image
      ? { volumes: [{ name: "ingressgateway-certs", secret: { optional: true, secretName: `${name}-certs` } }] }
      : {},
  });
  if (!image) Object.assign(pods.spec.template.metadata, FILLED_IN.metadata);
  return [
    account(space, gateway.account, labels),
    object(`${RBAC}/v1 Role`, `${space}/${name}-sds`, labels, { rules: [rule([""], "secrets", "get,watch,list")] }),
    object(`${RBAC}/v1 RoleBinding`, `${space}/${name}-sds`, labels, {
      roleRef: { apiGroup: RBAC, kind: "Role", name: `${name}-sds` },
      subjects: [{ kind: "ServiceAccount", name: gateway.account }],
    }),
    pods,
    service(
      `${space}/${gateway.service ?? name}`,
      gateway.serviceLabels ?? labels,
      textOf(is),
      `status-port:15021>15021/TCP http2:80>${targets[0]}/TCP https:443>${targets[1]}/TCP`,
      type,
    ),
  ];
};
