import { ownerOf } from "../../kube/inventory.ts";
import type { Snapshot } from "../../kube/snapshot.ts";
import { groupOf } from "../../ports/object.ts";
import { CERT_MANAGER } from "./names.ts";

/** Issuers and Certificates of other people for our cert-manager, as `3 Certificates`. Knative's own certificates go with its Routes. */
export const inUse = async (live: Snapshot): Promise<readonly string[]> => {
  const definitions = await live.owned("apiextensions.k8s.io/v1", "CustomResourceDefinition");
  if (!definitions.some((definition) => ownerOf(definition) === CERT_MANAGER)) return [];
  const counts = await Promise.all(
    ["Certificate", "Issuer", "ClusterIssuer"].map(async (kind) => {
      const all = await live.list("cert-manager.io/v1", kind);
      const theirs = all.filter(
        (object) =>
          ownerOf(object) === undefined &&
          !object.metadata.ownerReferences?.some(({ apiVersion }) => groupOf(apiVersion).endsWith("knative.dev")),
      );
      return theirs.length === 0 ? [] : [`${theirs.length} ${kind}${theirs.length === 1 ? "" : "s"}`];
    }),
  );
  return counts.flat();
};
