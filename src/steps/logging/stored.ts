import { ELASTICSEARCH } from "../../checks/logging/names.ts";
import type { PlanContext } from "../../kube/reconcile.ts";
import { UserError } from "../../ports/error.ts";
import { at, type KubeObject, numberAt, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { isOf } from "./objects.ts";

const roomOf = (set: KubeObject | undefined): string =>
  textAt(set, "spec", "volumeClaimTemplates", 0, "spec", "resources", "requests", "storage");
const classOf = (set: KubeObject | undefined): unknown =>
  at(set, "spec", "volumeClaimTemplates", 0, "spec", "storageClassName");

/** Kubernetes changes no claims of a StatefulSet, and fewer nodes lose logs. Throws UserError (exit 2). */
export const assertStored = async ({ live }: PlanContext, objects: readonly KubeObject[]): Promise<void> => {
  const wanted = objects.find((object) => isOf(object, "StatefulSet", ELASTICSEARCH.name));
  const there = wanted && (await live.get(ELASTICSEARCH));
  if (!wanted || !there || there.metadata.deletionTimestamp) return;
  const [before, now] = [numberAt(there, "spec", "replicas") ?? 1, numberAt(wanted, "spec", "replicas") ?? 1];
  if (now < before)
    throw new UserError({
      id: "logging.fewer",
      what: `Elasticsearch has ${before} nodes, and --logging-replicas asks for ${now}.`,
      why: "Logs on the nodes that go would be lost, and with most of the nodes the whole cluster.",
      remedy: `Leave it at ${before}.`,
      kind: "input",
    });
  if (roomOf(wanted) === roomOf(there) && classOf(wanted) === classOf(there)) return;
  throw new UserError({
    id: "logging.storage",
    what: "--logging-storage and --logging-storage-class cannot be changed: Elasticsearch runs with others.",
    why: "Kubernetes takes no other claims for a StatefulSet that is there.",
    remedy: {
      text: "Take the values that are there; the claims themselves can grow where their StorageClass lets them:",
      command: sh`kubectl get persistentvolumeclaims ${inNamespace(ELASTICSEARCH.namespace)}`,
    },
    kind: "input",
  });
};
