import { ownerOf } from "../../kube/inventory.ts";
import { choosesPods } from "../../kube/selected.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { UserError } from "../../ports/error.ts";
import { at, dataOf, describe, type KubeObject } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import type { Around } from "./adopted.ts";
import type { FoundGateway } from "./found.ts";
import { CONFIG, LOCAL } from "./names.ts";

/** The port of the gateway's pods at which names inside the cluster are served. */
const PORT = 8081;

/** What is there already of what Knative needs. Throws UserError with exit code 2 for a Service in the place of Knative's that leads elsewhere. */
export const around = async (cluster: Pick<ClusterRead, "get">, gateway: FoundGateway): Promise<Around> => {
  const place = { ...LOCAL, namespace: gateway.namespace };
  const [local, settings] = await Promise.all([cluster.get(place), cluster.get(CONFIG)]);
  const theirs = local && ownerOf(local) === undefined ? local : undefined;
  if (theirs && !leadsTo(theirs, gateway))
    throw new UserError({
      id: "istio.local-gateway",
      what: `${describe(theirs)} does not lead to port ${PORT} of the pods behind ${gateway.id}.`,
      why: "It is in the place of Knative's own, by which names inside the cluster are reached, and somebody else made it. Nothing was changed.",
      remedy: {
        text: "Delete it, so that the right one is made, or let it lead there:",
        command: sh`kubectl edit service ${LOCAL.name} ${inNamespace(gateway.namespace)}`,
      },
      kind: "input",
    });
  return { local: theirs, settings: dataOf(settings) };
};

const leadsTo = (service: KubeObject, { labels }: FoundGateway): boolean => {
  const ports = at(service, "spec", "ports");
  return (
    choosesPods(service, labels) &&
    (Array.isArray(ports) ? ports : []).some((port) => at(port, "port") === 80 && at(port, "targetPort") === PORT)
  );
};
