import { ownerOf } from "../../kube/inventory.ts";
import { section } from "../part.ts";

export const VERSION_LABEL = "app.kubernetes.io/version";

export const status = section({
  read: async ({ namespace, ours }) => ({
    knative: {
      version: namespace.metadata.labels?.[VERSION_LABEL] ?? "unknown",
      byKnBootstrap: ours.some((object) => ownerOf(object) !== undefined),
    },
  }),
  rows: ({ knative }) => [
    [
      "Knative",
      knative ? `${knative.version}${knative.byKnBootstrap ? "" : ", not installed by kn-bootstrap"}` : "not installed",
    ],
  ],
});
