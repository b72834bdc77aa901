import { isRecord, type KubeObject } from "../../ports/object.ts";
import { isThe } from "../gateway-service.ts";
import type { IngressProvider, Want } from "../provider.ts";
import { COPY, SHARED } from "./names.ts";

/** Where the gateway takes Secrets from. */
export interface Source {
  /** Of its pods: Istio hands a pod Secrets of the pod's own namespace. */
  readonly namespace: string;
  /** Name of a Secret to the directory of the pods in which its keys are files. */
  readonly mounted: ReadonlyMap<string, string>;
}

const copyFor = ({ data }: Want, { namespace }: Source): KubeObject => ({
  apiVersion: COPY.apiVersion,
  kind: COPY.kind,
  metadata: { namespace, name: COPY.name },
  type: "kubernetes.io/tls",
  data,
});

/** By its name, or as the files that the pods have of it: never both, which Istio refuses from 1.27 on. */
const sourceOf = (secret: Want["secret"], { namespace, mounted }: Source): object => {
  if (secret.namespace !== namespace) return { credentialName: COPY.name };
  const directory = mounted.get(secret.name);
  return directory === undefined
    ? { credentialName: secret.name }
    : { serverCertificate: `${directory}/tls.crt`, privateKey: `${directory}/tls.key` };
};

/**
 * One server for all names: net-istio probes every host over TLS as soon as there is a server on 443, and a host that no server covers
 * waits for ever. The redirect belongs here, too: `http-protocol` would move each Route to a Gateway of its own, without https.
 */
const served = (gateway: KubeObject, { http, secret }: Want, source: Source): KubeObject => {
  const spec = isRecord(gateway.spec) ? gateway.spec : {};
  const servers: readonly unknown[] = Array.isArray(spec.servers) ? spec.servers : [];
  const plain = http === "redirect" ? servers.map(redirecting) : servers;
  const tls = {
    hosts: ["*"],
    port: { number: 443, name: "https", protocol: "HTTPS" },
    tls: { mode: "SIMPLE", ...sourceOf(secret, source) },
  };
  return { ...gateway, spec: { ...spec, servers: [...plain, tls] } };
};

const redirecting = (server: unknown): unknown =>
  isRecord(server) ? { ...server, tls: { httpsRedirect: true } } : server;

/**
 * The release's own Gateway with the servers in it, so that no later apply drops them (`servers` is one value); without a certificate, the
 * form that it has in the release (rule 15). Istio follows the Secret, so that nothing is rolled.
 */
export const serveFrom =
  (source: Source): IngressProvider["serve"] =>
  (want, { ingress }) => {
    const gateways = ingress.filter((object) => isThe(object, SHARED));
    const isBeside = want?.secret.namespace === source.namespace;
    return {
      objects: want
        ? [...(isBeside ? [] : [copyFor(want, source)]), ...gateways.map((object) => served(object, want, source))]
        : gateways,
      fields: [],
      network: {},
    };
  };
