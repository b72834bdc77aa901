import { isRecord, textAt } from "../../ports/object.ts";
import { parseFirst, YamlProblem } from "../../ports/yaml.ts";
import { KNATIVE } from "./names.ts";

/** ConfigMap config-istio, as net-istio reads it (pkg/reconciler/ingress/config/istio.go). */

/** A Gateway that Routes share, and the Service before its pods. */
export interface SharedGateway {
  readonly namespace: string;
  readonly name: string;
  /** A host name: `istio-ingressgateway.istio-system.svc.cluster.local`. */
  readonly service: string;
  /** Where it stands: `external-gateways`, `gateway.knative-serving.mine`; undefined: nothing is set, and this is net-istio's own. */
  readonly key?: string;
}

/** Why net-istio does not go by what is set. */
export interface Trouble {
  readonly kind: "two-forms" | "unknown-form" | "unusable";
  readonly keys: readonly string[];
  /** A sentence without its end. */
  readonly what: string;
  /** Of two forms: whether the newer one names every gateway that the older one does. */
  readonly isRepeated?: boolean;
}

export interface Settings {
  /** For names outside the cluster, then those inside. */
  readonly gateways: readonly SharedGateway[];
  readonly trouble?: Trouble;
}

const LISTS = ["external-gateways", "local-gateways"] as const;
/** The minor of net-istio that began to read lists, and the one that began to take two empty ones for mesh only. */
const LISTS_SINCE = 14;
const MESH_ONLY_SINCE = 22;

const OWN: Readonly<Record<(typeof LISTS)[number], SharedGateway>> = {
  "external-gateways": {
    namespace: KNATIVE,
    name: "knative-ingress-gateway",
    service: "istio-ingressgateway.istio-system.svc.cluster.local",
  },
  "local-gateways": {
    namespace: KNATIVE,
    name: "knative-local-gateway",
    service: "knative-local-gateway.istio-system.svc.cluster.local",
  },
};
const PREFIXES = { "external-gateways": "gateway.", "local-gateways": "local-gateway." } as const;

type Data = Readonly<Record<string, string>>;

/** @param version of net-istio: `1.23.0` */
export const readSettings = (data: Data, version: string): Settings => {
  const minor = Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.POSITIVE_INFINITY);
  const lists = LISTS.filter((key) => data[key] !== undefined);
  const old = Object.keys(data).filter((key) => /^(local-)?gateway\../.test(key));
  if (lists.length > 0 && minor < LISTS_SINCE)
    return {
      gateways: fromKeys(data),
      trouble: { kind: "unknown-form", keys: lists, what: `net-istio ${version} does not know ${lists.join(" and ")}` },
    };
  if (lists.length === 0) return fromText(fromKeys(data));
  const read = fromLists(data, minor);
  if (old.length === 0) return read;
  const what = `${[...old, ...lists].join(", ")} are of two forms, of which only one may be there`;
  const same = ({ namespace, name, service }: SharedGateway): string => JSON.stringify([namespace, name, service]);
  const listed = new Set(read.gateways.map(same));
  const isRepeated =
    read.trouble === undefined && fromKeys(data).every((one) => one.key === undefined || listed.has(same(one)));
  return { ...read, trouble: { kind: "two-forms", keys: old, what, isRepeated } };
};

const fromKeys = (data: Data): readonly SharedGateway[] =>
  LISTS.flatMap((list) => {
    const prefix = PREFIXES[list];
    const keys = Object.keys(data).filter((key) => key.startsWith(prefix) && key !== prefix);
    const found = keys.sort().map((key) => {
      const [first = "", ...rest] = key.slice(prefix.length).split(".");
      const name = rest.length === 0 ? { namespace: KNATIVE, name: first } : { namespace: first, name: rest.join(".") };
      return { ...name, service: data[key] ?? "", key };
    });
    return found.length > 0 ? found : [OWN[list]];
  });

const fromLists = (data: Data, minor: number): Settings => {
  const gateways: SharedGateway[] = [];
  for (const key of LISTS) {
    const entries = entriesOf(data[key] ?? "");
    if (entries === undefined) return unusable(gateways, key, "is no list");
    if (entries === "nothing") {
      gateways.push(OWN[key]);
      continue;
    }
    gateways.push(
      ...entries.map((entry) => ({
        namespace: textAt(entry, "namespace"),
        name: textAt(entry, "name"),
        service: textAt(entry, "service"),
        key,
      })),
    );
    const usual = entries.filter((entry) => !isRecord(entry) || entry.labelSelector === undefined);
    const isNone = entries.length === 0 && minor >= MESH_ONLY_SINCE;
    if (!isNone && usual.length !== 1)
      return unusable(gateways, key, `has ${usual.length} gateways without a labelSelector, and needs exactly one`);
  }
  return fromText(gateways);
};

const MOST_NODES = 10_000;

/** Undefined: it is no list. */
const entriesOf = (text: string): readonly unknown[] | "nothing" | undefined => {
  if (text.trim() === "") return "nothing";
  try {
    const value = parseFirst(text, MOST_NODES);
    return Array.isArray(value) ? value : undefined;
  } catch (error) {
    if (error instanceof YamlProblem) return undefined;
    throw error;
  }
};

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\.?$/;

const fromText = (gateways: readonly SharedGateway[]): Settings => {
  for (const gateway of gateways) {
    const missing = (["namespace", "name", "service"] as const).find((field) => gateway[field] === "");
    if (missing) return unusable(gateways, gateway.key ?? "", `has a gateway without ${missing}`);
    if (!DNS_NAME.test(gateway.service))
      return unusable(gateways, gateway.key ?? "", `has a service that is no host name: ${gateway.service}`);
  }
  return { gateways };
};

const unusable = (gateways: readonly SharedGateway[], key: string, why: string): Settings => ({
  gateways,
  trouble: { kind: "unusable", keys: [key], what: `${key} ${why}` },
});

/** The Service behind a host name, as net-istio takes it apart; undefined: it needs three parts at least. */
export const serviceAt = ({
  service,
}: SharedGateway): { readonly namespace: string; readonly name: string } | undefined => {
  const [name, namespace, rest] = service.split(".");
  return name && namespace && rest !== undefined ? { namespace, name } : undefined;
};
