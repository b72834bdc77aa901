import type { FoundGateway } from "./found.ts";
import { KNATIVE, LOCAL, SHARED } from "./names.ts";

/** What of ConfigMap config-istio leads to a gateway, in the form that stands there: both forms together are refused. */

type Data = Readonly<Record<string, string>>;

/** The name of a Gateway is in the key, and the namespace of Knative may be left out of it. */
const OLD = /^(local-)?gateway\./;

const listed = (name: string, service: string): string =>
  `- name: ${name}\n  namespace: ${KNATIVE}\n  service: ${service}\n`;

const oldKey = (data: Data, prefix: string, name: string): string => {
  const short = `${prefix}.${name}`;
  return short in data ? short : `${prefix}.${KNATIVE}.${name}`;
};

/** The host name of a gateway's Service. */
export const hostOf = ({ namespace, service }: Pick<FoundGateway, "namespace" | "service">): string =>
  `${service.metadata.name}.${namespace}.svc.cluster.local`;

/** @param data what is in the cluster; without keys of the old form there, the lists that every net-istio from 1.14 on reads */
export const settingsFor = (gateway: Pick<FoundGateway, "namespace" | "service">, data: Data): Data => {
  const outside = hostOf(gateway);
  const inside = `${LOCAL.name}.${gateway.namespace}.svc.cluster.local`;
  return Object.keys(data).some((key) => OLD.test(key))
    ? { [oldKey(data, "gateway", SHARED.name)]: outside, [oldKey(data, "local-gateway", LOCAL.name)]: inside }
    : { "external-gateways": listed(SHARED.name, outside), "local-gateways": listed(LOCAL.name, inside) };
};
