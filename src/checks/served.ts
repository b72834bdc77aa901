import { servedBy, serversOf } from "../ingress/istio/preflight/served-by.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { at, dataOf, isRecord, type KubeObject, type ObjectRef, textAt } from "../ports/object.ts";
import { configMap, FOUND_BY, type Found } from "./found.ts";
import type { Reading } from "./health-check.ts";

/** What {@link servedNow} reads. */
export const SERVED_BY = [
  ...FOUND_BY,
  "Deployment.apps",
  "DaemonSet.apps",
  "Service",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io",
  "Gateway.networking.istio.io",
  "Gateway.gateway.networking.k8s.io",
] as const satisfies readonly Reading[];

/** The Secret whose certificate the gateway serves for all names, whoever has set that. Undefined: none is set. */
export const servedNow = async (cluster: ClusterRead, found: Found): Promise<ObjectRef | undefined> => {
  if (found.secret) return found.secret;
  switch (found.ingress?.id) {
    case "kourier":
      return kouriers(cluster);
    case "istio":
      return istios(cluster);
    default:
      return (await found.seen?.look(cluster))?.secret;
  }
};

const secretCalled = (namespace: string, name: string): ObjectRef | undefined =>
  namespace && name ? { apiVersion: "v1", kind: "Secret", namespace, name } : undefined;

/** In its ConfigMap since 1.19, before in its controller's environment. */
const kouriers = async (cluster: ClusterRead): Promise<ObjectRef | undefined> => {
  const data = dataOf(await cluster.get(configMap("config-kourier")));
  const inData = secretCalled(data["certs-secret-namespace"] ?? "", data["certs-secret-name"] ?? "");
  if (inData) return inData;
  const deployments = await cluster.list({ apiVersion: "apps/v1", kind: "Deployment" });
  const controller = deployments.find(({ metadata }) => metadata.name === "net-kourier-controller");
  const env = variablesOf(controller);
  return secretCalled(env.get("CERTS_SECRET_NAMESPACE") ?? "", env.get("CERTS_SECRET_NAME") ?? "");
};

const variablesOf = (deployment: KubeObject | undefined): ReadonlyMap<string, string> => {
  const containers = at(deployment, "spec", "template", "spec", "containers");
  const all = (Array.isArray(containers) ? containers : []).flatMap((container) => at(container, "env") ?? []);
  return new Map(all.filter(isRecord).map((one) => [textAt(one, "name"), textAt(one, "value")]));
};

/** A credential is looked for beside the gateway's pods, whatever namespace the Gateway is in. */
const istios = async (cluster: ClusterRead): Promise<ObjectRef | undefined> => {
  const { gateway, pods } = await servedBy(cluster);
  const names = serversOf(gateway).map((server) => textAt(server, "tls", "credentialName"));
  return secretCalled(pods[0]?.namespace ?? "", names.find(Boolean) ?? "");
};
