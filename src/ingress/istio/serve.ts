import { isRecord, type KubeObject } from "../../ports/object.ts";
import { isThe } from "../gateway-service.ts";
import type { IngressProvider, Want } from "../provider.ts";
import { COPY, SHARED } from "./names.ts";

/** Whether it is where the gateway's pods are already. */
const isBeside = ({ namespace }: Want["secret"]): boolean => namespace === COPY.namespace;

const copyOf = ({ data }: Want): KubeObject => ({
  apiVersion: COPY.apiVersion,
  kind: COPY.kind,
  metadata: { ...(COPY.namespace ? { namespace: COPY.namespace } : {}), name: COPY.name },
  type: "kubernetes.io/tls",
  data,
});

/**
 * One server for all names: net-istio probes every host over TLS as soon as there is a server on 443, and a host that no server covers
 * waits for ever. The redirect belongs here, too: `http-protocol` would move each Route to a Gateway of its own, without https.
 */
const served = (gateway: KubeObject, { http, secret }: Want): KubeObject => {
  const spec = isRecord(gateway.spec) ? gateway.spec : {};
  const servers: readonly unknown[] = Array.isArray(spec.servers) ? spec.servers : [];
  const plain = http === "redirect" ? servers.map(redirecting) : servers;
  const tls = {
    hosts: ["*"],
    port: { number: 443, name: "https", protocol: "HTTPS" },
    tls: { mode: "SIMPLE", credentialName: isBeside(secret) ? secret.name : COPY.name },
  };
  return { ...gateway, spec: { ...spec, servers: [...plain, tls] } };
};

const redirecting = (server: unknown): unknown =>
  isRecord(server) ? { ...server, tls: { httpsRedirect: true } } : server;

/**
 * The release's own Gateway with the servers in it, so that no later apply drops them (`servers` is one value); without a certificate, the
 * form that it has in the release (rule 15). Istio follows the Secret, so that nothing is rolled.
 */
export const serve: IngressProvider["serve"] = (want, { ingress }) => {
  const gateways = ingress.filter((object) => isThe(object, SHARED));
  return {
    objects: want
      ? [...(isBeside(want.secret) ? [] : [copyOf(want)]), ...gateways.map((object) => served(object, want))]
      : gateways,
    fields: [],
    network: {},
  };
};
