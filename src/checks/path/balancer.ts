import { at, isRecord, type KubeObject, textAt } from "../../ports/object.ts";

/** What the annotations of a Service make its load balancer do, by cloud. */

const AWS = "service.beta.kubernetes.io/aws-load-balancer-";

const isOn = (value: string): boolean => !/^(false|none|off|0|)$/i.test(value.trim());

/** An annotation by which a load balancer begins each connection with a PROXY header. */
const PROXY_HEADERS: readonly string[] = [
  `${AWS}proxy-protocol`,
  "service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol",
  "load-balancer.hetzner.cloud/uses-proxyprotocol",
  "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v1",
  "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2",
  "service.beta.kubernetes.io/linode-loadbalancer-default-proxy-protocol",
  "service.beta.kubernetes.io/vultr-loadbalancer-proxy-protocol",
  "service.beta.kubernetes.io/ovh-loadbalancer-proxy-protocol",
  "loadbalancer.openstack.org/proxy-protocol",
];
const ATTRIBUTES = `${AWS}target-group-attributes`;

const annotationsOf = ({ metadata: { annotations = {} } }: KubeObject): Readonly<Record<string, unknown>> =>
  annotations;

/** The annotation by which it sends PROXY headers; undefined: it sends none. */
export const proxyHeader = (service: KubeObject): string | undefined => {
  const annotations = annotationsOf(service);
  const named = PROXY_HEADERS.find((name) => isOn(textAt(annotations, name)));
  return named ?? (/proxy_protocol_v2\.enabled=true/.test(textAt(annotations, ATTRIBUTES)) ? ATTRIBUTES : undefined);
};

/** Where a load balancer ends TLS by itself. */
export interface Terminated {
  /** The annotation that makes it. */
  readonly annotation: string;
  /** It encrypts again what it sends on. */
  readonly isEncrypted: boolean;
}

/** Undefined: TLS comes to the gateway as it was sent. */
export const terminatedAt = (service: KubeObject): Terminated | undefined => {
  const annotations = annotationsOf(service);
  const has = (name: string): boolean => textAt(annotations, name) !== "";
  const ssl = `${AWS}ssl-cert`;
  const ports = textAt(annotations, `${AWS}ssl-ports`)
    .split(",")
    .map((port) => port.trim());
  const isFor443 = ports.some((port) => ["", "*", "443", nameOf(service, 443)].includes(port));
  if (has(ssl) && isFor443)
    return { annotation: ssl, isEncrypted: /^(ssl|https)$/i.test(textAt(annotations, `${AWS}backend-protocol`)) };
  const plain = [
    "service.beta.kubernetes.io/do-loadbalancer-certificate-id",
    "load-balancer.hetzner.cloud/http-certificates",
    "load-balancer.hetzner.cloud/http-managed-certificate-domains",
  ].find(has);
  return plain === undefined ? undefined : { annotation: plain, isEncrypted: false };
};

const portsOf = (service: KubeObject): readonly Readonly<Record<string, unknown>>[] => {
  const ports = at(service, "spec", "ports");
  return (Array.isArray(ports) ? ports : []).filter(isRecord);
};

const nameOf = (service: KubeObject, port: number): unknown =>
  portsOf(service).find((one) => one.port === port)?.name ?? "443";

/** Where it leads, and which of the Service's ports that is. */
export const targetOf = (
  service: KubeObject,
  port: number,
): { readonly index: number; readonly target: unknown } | undefined => {
  const index = portsOf(service).findIndex((one) => one.port === port);
  const found = portsOf(service)[index];
  return found && { index, target: found.targetPort ?? port };
};
