/** Registers each version of each group that CustomResourceDefinitions serve as an APIService (kube-aggregator's autoregistration). */

import type { Client } from "../client.ts";
import { fieldsOf, objectsOf } from "../json.ts";
import { createWorkQueue } from "../work-queue.ts";

const API = "apiregistration.k8s.io/v1";
const DEFINITION = "apiextensions.k8s.io/v1";
const MANAGED = { "kube-aggregator.kubernetes.io/automanaged": "true" };
/** What all groups of custom resources get (kube-apiserver's crdRegistrationController). */
const PRIORITIES = { groupPriorityMinimum: 1000, versionPriority: 100 };

/** Returns the function that stops it. */
export function registerGroups(client: Client): () => void {
  const isServed = (name: string): boolean =>
    client
      .list(DEFINITION, "CustomResourceDefinition")
      .some(({ spec }) =>
        objectsOf(spec?.versions).some((one) => one.served === true && `${one.name}.${spec.group}` === name),
      );
  const queue = createWorkQueue(async (name) => {
    const ref = { apiVersion: API, kind: "APIService", name };
    const found = client.get(ref);
    if (!isServed(name)) {
      if (found?.metadata.labels?.["kube-aggregator.kubernetes.io/automanaged"]) await client.remove(ref);
    } else if (!found) {
      const [version = "", ...group] = name.split(".");
      const spec = { group: group.join("."), version, ...PRIORITIES };
      await client.create("kube-apiserver", {
        apiVersion: API,
        kind: "APIService",
        metadata: { name, labels: MANAGED },
        spec,
      });
    }
  });
  const off = client.onChange(({ type, object: { kind, metadata, spec } }) => {
    if (kind === "CustomResourceDefinition")
      for (const { name } of objectsOf(fieldsOf(spec).versions)) queue.add(`${name}.${spec.group}`);
    if (kind === "APIService" && type === "DELETED") queue.add(metadata.name);
  });
  return () => {
    off();
    queue.stop();
  };
}
