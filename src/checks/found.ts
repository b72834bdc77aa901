import { strategyOf, type TlsId, ids as tlsIds } from "../certificates/index.ts";
import { servedSecret } from "../certificates/served.ts";
import { NESTED } from "../config/config.ts";
import type { Exposure } from "../ingress/address.ts";
import { ingressOfClass } from "../ingress/index.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import { seenOfClass } from "../ingress/seen/index.ts";
import type { SeenIngress } from "../ingress/seen/seen.ts";
import { AUTHORITY_ROOT, choicesOf } from "../kube/choices.ts";
import { STATE } from "../kube/prior.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { dataOf, type KubeObject, type ObjectRef, textAt, VERSION_LABEL } from "../ports/object.ts";
import { readable } from "../ports/readable.ts";
import { minorOf } from "../ports/version.ts";
import type { Reading } from "./health-check.ts";

export const KNATIVE = "knative-serving";
const DEFAULT_CLASS = "istio.ingress.networking.knative.dev";
const DEFAULT_TEMPLATE = NESTED;

export const configMap = (name: string): ObjectRef => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  namespace: KNATIVE,
  name,
});

/** What config-network says, whoever wrote it. Newer releases write the first key, older ones the second; where both stand, the newer one counts. */
export const networkSettings = (
  data: Readonly<Record<string, string>>,
): Pick<Found, "className" | "template" | "scheme"> => ({
  className: data["ingress-class"] ?? data["ingress.class"] ?? DEFAULT_CLASS,
  template: data["domain-template"] ?? data.domainTemplate ?? DEFAULT_TEMPLATE,
  scheme: data["default-external-scheme"] ?? data.defaultExternalScheme ?? "http",
});

/** Whether Knative asks for a certificate for each Route; older releases have other names for it (knative.dev/networking pkg/config). */
export const routesHaveOwn = (data: Readonly<Record<string, string>>): boolean =>
  /^enabled$/i.test((data["external-domain-tls"] ?? data["auto-tls"] ?? data.autoTLS ?? "").trim());

/** What can be seen of an installation from the cluster alone, whoever made it. */
export interface Found {
  /** As they are kept; empty where we did not install. */
  readonly choices: Readonly<Record<string, unknown>>;
  readonly className: string;
  /** Undefined: it is none that we install. */
  readonly ingress: IngressProvider | undefined;
  /** One that is looked at and not installed. Undefined: it is none of those. */
  readonly seen: SeenIngress | undefined;
  readonly exposure: Exposure;
  /** Every default domain of config-domain, sorted: with several the first one counts. */
  readonly domains: readonly string[];
  readonly template: string;
  readonly scheme: string;
  /** Undefined: we did not install, or an odd value is kept. */
  readonly tls: TlsId | undefined;
  /** What https is answered with, as {@link TlsStrategy} has it. */
  readonly serves: "gateway" | "routes" | "nothing";
  /** PEM of the root of a private CA. */
  readonly root: string | undefined;
  /** Whose certificate the gateway serves. Undefined: none, or each Route has its own. */
  readonly secret: ObjectRef | undefined;
}

/** `1.23` of the Knative that runs, as its namespace says; undefined: it does not, or it is no release's. */
export const installedMinor = async (cluster: Pick<ClusterRead, "get">): Promise<string | undefined> => {
  const namespace = await cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE });
  return minorOf(namespace?.metadata.labels?.[VERSION_LABEL] ?? "");
};

/** The operator's objects, if it keeps Knative here: before its version 1.3 they are v1alpha1 alone. */
export const operatorsIn = async (cluster: Pick<ClusterRead, "list">): Promise<readonly KubeObject[]> => {
  const newer = await cluster.list({ apiVersion: "operator.knative.dev/v1beta1", kind: "KnativeServing" });
  return newer.length > 0
    ? newer
    : cluster.list({ apiVersion: "operator.knative.dev/v1alpha1", kind: "KnativeServing" });
};
/** What {@link operatorsIn} reads. */
export const OPERATOR = "KnativeServing.operator.knative.dev" satisfies Reading;

/** Red Hat's own distribution, by a kind that every OpenShift has. */
export const isOpenShift = async (cluster: Pick<ClusterRead, "get">): Promise<boolean> =>
  (await cluster.get({ apiVersion: "config.openshift.io/v1", kind: "ClusterVersion", name: "version" })) !== undefined;
/** What {@link isOpenShift} reads. */
export const OPENSHIFT = "ClusterVersion.config.openshift.io" satisfies Reading;

/** What {@link findInstallation} reads. */
export const FOUND_BY = ["ConfigMap"] as const satisfies readonly Reading[];

export const findInstallation = async (cluster: Pick<ClusterRead, "get">): Promise<Found> => {
  const [state, network, domains] = await Promise.all([
    // Who may look at Knative alone is told of it as of one that others have installed.
    readable(cluster.get(STATE)),
    cluster.get(configMap("config-network")),
    cluster.get(configMap("config-domain")),
  ]);
  const choices = choicesOf(state);
  const settings = networkSettings(dataOf(network));
  const tls = tlsIds.find((id) => id === choices.tls);
  const [address, tlsSecret] = [textAt(choices, "address"), textAt(choices, "tls-secret")];
  const serves = tls === undefined ? "nothing" : strategyOf(tls).serves;
  return {
    choices,
    ...settings,
    ingress: ingressOfClass(settings.className, choices),
    seen: seenOfClass(settings.className),
    exposure: {
      expose: choices.expose === "nodeport" ? "nodeport" : "loadbalancer",
      ...(address ? { address } : {}),
    },
    domains: defaultDomains(domains),
    tls,
    serves,
    root: dataOf(state)[AUTHORITY_ROOT],
    secret: serves === "gateway" ? servedSecret({ config: tlsSecret ? { tlsSecret } : {} }) : undefined,
  };
};

/** The keys of config-domain without a selector. */
export const defaultDomains = (config: KubeObject | undefined): readonly string[] =>
  Object.entries(dataOf(config))
    .flatMap(([key, value]) => (!key.startsWith("_") && value.trim() === "" ? [key] : []))
    .sort();
