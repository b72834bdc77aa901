import { matchesLabelSelector } from "../api/selectors.ts";
import { NAMESPACE } from "../knative/names.ts";
import { firstDocument } from "../knative/yaml.ts";

/** ConfigMap config-istio as net-istio reads it (pkg/reconciler/ingress/config/istio.go). */

export interface SharedGateway {
  readonly namespace: string;
  readonly name: string;
  /** Host name of the Service before it. */
  readonly service: string;
  readonly labelSelector?: Record<string, unknown>;
}

/** Both empty: mesh only. */
export interface Settings {
  readonly external: readonly SharedGateway[];
  readonly local: readonly SharedGateway[];
}

type Data = Readonly<Record<string, string>>;

const EXTERNAL: SharedGateway = {
  namespace: NAMESPACE,
  name: "knative-ingress-gateway",
  service: "istio-ingressgateway.istio-system.svc.cluster.local",
};
const LOCAL: SharedGateway = {
  namespace: NAMESPACE,
  name: "knative-local-gateway",
  service: "knative-local-gateway.istio-system.svc.cluster.local",
};

/** The minors of net-istio that began to read lists, and to take two empty ones for mesh only. */
const LISTS_SINCE = 14;
const MESH_ONLY_SINCE = 22;

export const nameOf = ({ namespace, name }: SharedGateway): string => `${namespace}/${name}`;

/** The settings, or why there are none. `minor`: of the net-istio that reads. */
export const readSettings = (data: Data, minor = Number.POSITIVE_INFINITY): Settings | { readonly error: string } => {
  const isNew = minor >= LISTS_SINCE && ["external-gateways", "local-gateways"].some((key) => data[key] !== undefined);
  const isOld = Object.keys(data).some((key) => /^(local-)?gateway\./.test(key));
  if (isNew && isOld) {
    const keys =
      '"local-gateways" or "external-gateways" can not be defined simultaneously with "gateway." or "local-gateway."';
    return { error: `invalid configmap: ${keys}` };
  }
  const read = isNew ? readLists(data, minor) : readOldKeys(data);
  if ("error" in read) return read;
  const refusal =
    read.external.map((one) => refusalOf(one, "gateway")).find(Boolean) ??
    read.local.map((one) => refusalOf(one, "local gateway")).find(Boolean);
  return refusal ? { error: `invalid configuration: ${refusal}` } : read;
};

const readOldKeys = (data: Data): Settings => {
  const under = (prefix: string, fallback: SharedGateway): readonly SharedGateway[] => {
    const names = Object.keys(data).filter((key) => key.startsWith(prefix) && key !== prefix);
    const found = names.toSorted().map((key) => {
      const [first = "", ...rest] = key.slice(prefix.length).split(".");
      const id = rest.length === 0 ? { namespace: NAMESPACE, name: first } : { namespace: first, name: rest.join(".") };
      return { ...id, service: data[key] ?? "" };
    });
    return found.length > 0 ? found : [fallback];
  };
  return { external: under("gateway.", EXTERNAL), local: under("local-gateway.", LOCAL) };
};

const readLists = (data: Data, minor: number): Settings | { readonly error: string } => {
  const lists = { external: [EXTERNAL] as SharedGateway[], local: [LOCAL] as SharedGateway[] };
  for (const which of ["external", "local"] as const) {
    const key = `${which}-gateways`;
    const text = data[key] ?? "";
    if (text.trim() === "") continue;
    const list = documentOf(text);
    if (!Array.isArray(list))
      return {
        error: `failed to parse configmap: failed to parse ${JSON.stringify(key)} gateways: failed to unmarshal`,
      };
    lists[which] = list.map(({ namespace = "", name = "", service = "", labelSelector }) => ({
      namespace: String(namespace),
      name: String(name),
      service: String(service),
      ...(labelSelector ? { labelSelector } : {}),
    }));
  }
  for (const which of ["external", "local"] as const) {
    const usual = lists[which].filter(({ labelSelector }) => !labelSelector);
    const isNone = lists[which].length === 0 && minor >= MESH_ONLY_SINCE;
    if (isNone || usual.length === 1) continue;
    const told = usual.map(({ namespace, name, service }) => `{${namespace} ${name} ${service} nil}`).join(" ");
    const rule = `exactly one ${which} gateway with no selector can be defined, here: [${told}]`;
    return { error: `failed to parse configmap: ${rule}` };
  }
  return lists;
};

const documentOf = (text: string): unknown => {
  try {
    return firstDocument(text);
  } catch {
    return undefined;
  }
};

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\.?$/;

const refusalOf = (gateway: SharedGateway, what: string): string | undefined => {
  const missing = (["namespace", "name", "service"] as const).find((field) => gateway[field] === "");
  const isName = DNS_NAME.test(gateway.service);
  if (!missing && isName) return undefined;
  const why = missing ? `missing ${missing}` : `invalid gateway service format: ${JSON.stringify([gateway.service])}`;
  return `invalid ${what} ${nameOf(gateway)}: ${why}`;
};

/** Those of a kingress: the ones whose selector matches its labels, else the one without. */
export const gatewaysFor = ({ external, local }: Settings, labels: Readonly<Record<string, string>> = {}): Settings => {
  const choose = (list: readonly SharedGateway[]): readonly SharedGateway[] => {
    const chosen = list.filter(({ labelSelector }) => labelSelector && matchesLabelSelector(labelSelector, labels));
    return chosen.length > 0 ? chosen : list.filter(({ labelSelector }) => !labelSelector);
  };
  return { external: choose(external), local: choose(local) };
};
