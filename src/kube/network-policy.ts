import { at, isRecord, type KubeObject } from "../ports/object.ts";

/** A pod that sends, or is sent to. */
export interface End {
  readonly namespace: KubeObject | undefined;
  readonly pod: KubeObject;
}

type Direction = "Ingress" | "Egress";
const FIELDS = { Ingress: ["ingress", "from"], Egress: ["egress", "to"] } as const;

const listOf = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

/** Of a LabelSelector, absent for all. */
const selects = (selector: unknown, labels: Readonly<Record<string, string>> = {}): boolean => {
  const wanted = at(selector, "matchLabels");
  const isMet = (one: Record<string, unknown>): boolean => {
    const value = labels[String(one.key)];
    const values = Array.isArray(one.values) ? one.values : [];
    switch (one.operator) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      default:
        return value === undefined;
    }
  };
  return (
    Object.entries(isRecord(wanted) ? wanted : {}).every(([key, value]) => labels[key] === value) &&
    listOf(at(selector, "matchExpressions")).every(isMet)
  );
};

const namespaceOf = ({ metadata }: KubeObject): string => metadata.namespace ?? "";

const isPeer = (peer: Record<string, unknown>, { namespace, pod }: End, home: string): boolean => {
  // Whether an address is in a block depends on the network; nobody is accused by it.
  if (peer.ipBlock !== undefined) return true;
  const isPlace =
    peer.namespaceSelector === undefined
      ? namespaceOf(pod) === home
      : selects(peer.namespaceSelector, namespace?.metadata.labels);
  return isPlace && (peer.podSelector === undefined || selects(peer.podSelector, pod.metadata.labels));
};

/** Ports that are named go by what the pod calls them, which the caller says. */
const isPort = (port: Record<string, unknown>, number: number, name: string): boolean => {
  if (port.protocol !== undefined && port.protocol !== "TCP") return false;
  if (port.port === undefined || port.port === name || port.port === number) return true;
  const [first, last] = [port.port, port.endPort];
  return typeof first === "number" && typeof last === "number" && first <= number && number <= last;
};

/**
 * The policies of a namespace that keep `end` from its peer: they select it, and none of them lets the port through. Empty: nothing keeps it.
 * Source: networking.k8s.io/v1, NetworkPolicySpec.
 */
export const keepingFrom = (
  policies: readonly KubeObject[],
  direction: Direction,
  end: KubeObject,
  peer: End,
  port: { readonly number: number; readonly name: string },
): readonly KubeObject[] => {
  const [rules, peers] = FIELDS[direction];
  const home = namespaceOf(end);
  const isOf = (policy: KubeObject): boolean => {
    const types = at(policy, "spec", "policyTypes");
    // Ingress always; Egress where it has rules for it.
    return Array.isArray(types)
      ? types.includes(direction)
      : direction === "Ingress" || at(policy, "spec", rules) !== undefined;
  };
  const about = policies.filter(
    (policy) =>
      namespaceOf(policy) === home && isOf(policy) && selects(at(policy, "spec", "podSelector"), end.metadata.labels),
  );
  const lets = (policy: KubeObject): boolean =>
    listOf(at(policy, "spec", rules)).some((rule) => {
      const [who, ports] = [listOf(rule[peers]), listOf(rule.ports)];
      return (
        (who.length === 0 || who.some((one) => isPeer(one, peer, home))) &&
        (ports.length === 0 || ports.some((one) => isPort(one, port.number, port.name)))
      );
    });
  return about.some(lets) ? [] : about;
};
