import type { ApiResource, ClusterRead } from "../../ports/cluster.ts";
import { UserError } from "../../ports/error.ts";
import { at, describe, groupOf, keyOf } from "../../ports/object.ts";
import { readerOf } from "../../ports/reader.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import type { Adoption, IngressProvider } from "../provider.ts";
import { adopted } from "./adopted.ts";
import { around } from "./around.ts";
import { entrances, type FoundGateway, type FoundIstio, findIstio, type Istiod, isChosen } from "./found.ts";
import { KNATIVE, SHARED } from "./names.ts";

/** Whose Istio is in the cluster, and which of its gateways is to be Knative's. */

/** What installs an Istio by an API of its own, by the group of that. */
const OPERATORS: Readonly<Record<string, string>> = {
  "maistra.io": "OpenShift Service Mesh 2",
  "sailoperator.io": "the operator of OpenShift Service Mesh 3 (Sail)",
};

const operatorIn = (resources: readonly ApiResource[]): string | undefined =>
  resources.map(({ apiVersion }) => OPERATORS[groupOf(apiVersion)]).find((title) => title !== undefined);

const owner = (
  what: string,
  why: string,
  text: string,
  command = sh`kn-bootstrap install --ingress kourier`,
): UserError =>
  new UserError({
    id: "istio.owner",
    what,
    why: `${why} Nothing was changed.`,
    remedy: { text, command },
    kind: "input",
  });

/** As {@link Adoption.find} has it. */
export const findAdopted: Adoption["find"] = async (cluster, named): Promise<IngressProvider | undefined> => {
  const found = await findIstio(readerOf(cluster));
  if (found.istiods.some(({ isOurs }) => isOurs)) {
    if (named === undefined) return undefined;
    throw owner(
      `--istio-gateway ${named} names a gateway of somebody else's Istio, and the one here was made by kn-bootstrap.`,
      "Its gateway comes with it.",
      "Go on with that one:",
      sh`kn-bootstrap install --ingress istio --reset-choice istio-gateway`,
    );
  }
  const [istiod] = found.istiods;
  if (istiod) return adopt(cluster, found, istiod, named);
  const operator = operatorIn(await cluster.resources());
  if (named !== undefined)
    throw owner(
      `No Istio is in this cluster, and Knative's gateway is to be ${named}.`,
      "Another one of our own would not be what was chosen.",
      "Bring that Istio back, or install with Kourier:",
    );
  if (operator === undefined) return undefined;
  throw owner(
    `Istio belongs to ${operator} in this cluster, and none runs yet.`,
    "The one of Knative's release would be a second one beside the operator's.",
    "Let the operator make an Istio and a gateway, and run this again; or install with Kourier:",
  );
};

const adopt = async (
  cluster: ClusterRead,
  found: FoundIstio,
  istiod: Istiod,
  named: string | undefined,
): Promise<IngressProvider> => {
  if (!(await cluster.resource(SHARED.apiVersion, SHARED.kind)))
    throw owner(
      `The Istio in this cluster (${describe(istiod.deployment)}${istiod.version ? `, ${istiod.version}` : ""}) does not serve ${SHARED.apiVersion}.`,
      "That is the version in which Knative's Gateways are written.",
      "Upgrade that Istio, or install with Kourier, which does not touch it:",
    );
  const gateway = choose(found, named);
  assertReached(gateway, istiod);
  assertAlone(gateway, found);
  return adopted(gateway, await around(cluster, gateway));
};

const SCOPED = "PILOT_SCOPE_GATEWAY_TO_NAMESPACE";

/** An istiod may be told to give pods the Gateways of their own namespace alone. */
const assertReached = ({ istiod, id, namespace }: FoundGateway, first: Istiod): void => {
  const { deployment } = istiod ?? first;
  const containers = at(deployment, "spec", "template", "spec", "containers");
  const variables = (Array.isArray(containers) ? containers : []).flatMap((container) => at(container, "env") ?? []);
  const isScoped = variables.some((one) => at(one, "name") === SCOPED && at(one, "value") === "true");
  if (isScoped && namespace !== KNATIVE)
    throw owner(
      `${describe(deployment)} gives the pods behind ${id} the Gateways of their own namespace alone (${SCOPED}).`,
      `Knative's are in ${KNATIVE}.`,
      `Let a gateway run in ${KNATIVE}, or install with Kourier:`,
    );
};

/** A Gateway takes pods by their labels in whichever namespace. */
const assertAlone = (gateway: FoundGateway, { gateways }: FoundIstio): void => {
  const other = gateways.find(
    ({ workload, labels }) => keyOf(workload) !== keyOf(gateway.workload) && isChosen(labels, gateway.selector),
  );
  if (!other) return;
  const { kind, metadata } = other.workload;
  throw new UserError({
    id: "istio.gateway",
    what: `The labels by which Service ${gateway.id} chooses its pods are those of ${describe(other.workload)} as well.`,
    why: "Istio takes pods by their labels in every namespace, so that Knative's names would be served by both. Nothing was changed.",
    remedy: {
      text: "Give one of the two another label, on its pods and in the selector of its Service:",
      command: sh`kubectl edit ${kind.toLowerCase()} ${metadata.name} ${inNamespace(metadata.namespace)}`,
    },
    kind: "input",
  });
};

const choose = (found: FoundIstio, named: string | undefined): FoundGateway => {
  const candidates = entrances(found);
  const [first, ...others] = candidates;
  const gateway = named === undefined ? first : found.gateways.find(({ id }) => id === named);
  if (gateway && (named !== undefined || others.length === 0)) return gateway;
  const ids = candidates.map(({ id }) => id).join(", ");
  const error = (what: string, text: string, id: string | undefined): UserError =>
    new UserError({
      id: "istio.gateway",
      what,
      why: "Knative's names lead to one gateway, named by its Service. Nothing was changed.",
      remedy: {
        text,
        command:
          id === undefined
            ? sh`helm install istio-ingressgateway istio/gateway --namespace istio-ingress --create-namespace`
            : sh`kn-bootstrap install --ingress istio --istio-gateway ${id}`,
      },
      kind: "input",
    });
  if (first === undefined && named === undefined)
    throw error("The Istio in this cluster has no gateway.", "Install one, for example with Istio's chart:", undefined);
  if (named !== undefined)
    throw error(
      `No gateway of Istio has the Service ${named}. ${first ? `There are: ${ids}.` : "There is none at all."}`,
      first ? "Name one of them:" : "Install one, for example with Istio's chart:",
      first?.id,
    );
  throw error(`The Istio in this cluster has several gateways: ${ids}.`, "Say which one:", first?.id);
};
