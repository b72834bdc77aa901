import { ownerOf } from "../../kube/inventory.ts";
import { VERSION_LABEL } from "../../ports/object.ts";
import { section } from "../part.ts";

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
