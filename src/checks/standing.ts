import type { IngressProvider } from "../ingress/provider.ts";
import type { SeenGateway } from "../ingress/seen/seen.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { keyOf, type ObjectRef, refOf } from "../ports/object.ts";
import type { Found } from "./found.ts";

/** Whatever ingress the class names, where it stands. Undefined: it is none that we know. */
export const standingOf = async (
  cluster: ClusterRead,
  { ingress, seen }: Pick<Found, "ingress" | "seen">,
): Promise<Omit<SeenGateway, "secret"> | undefined> => {
  if (!ingress) return seen?.look(cluster);
  const { deployments, service } = await standing(cluster, ingress);
  return { deployments, service, daemonSets: [] };
};

/**
 * The ingress with its objects where they stand. Others put them into other namespaces (OpenShift Serverless: knative-serving-ingress); what is
 * nowhere keeps its usual place.
 */
const standing = async (cluster: ClusterRead, ingress: IngressProvider): Promise<IngressProvider> => {
  const [deployments, services] = await Promise.all([
    cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
    cluster.list({ apiVersion: "v1", kind: "Service" }),
  ]);
  const find = (all: readonly ObjectRef[], ref: ObjectRef): ObjectRef =>
    all.find((one) => keyOf(one) === keyOf(ref)) ?? all.find(({ name }) => name === ref.name) ?? ref;
  const found = ingress.deployments.map((ref) => find(deployments.map(refOf), ref));
  const places = new Set(found.map(({ namespace }) => namespace));
  const beside = services.filter(({ metadata }) => places.has(metadata.namespace)).map(refOf);
  return { ...ingress, deployments: found, service: find(beside, ingress.service) };
};
