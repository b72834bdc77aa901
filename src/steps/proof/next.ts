import { findAddress, urlAt } from "../../ingress/address.ts";
import { readerOf } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { findNaming } from "../domain/index.ts";
import type { Part } from "../part.ts";

const NAMESPACE = "default";

const serviceOf = (image: string) => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "hello", namespace: NAMESPACE },
  spec: { template: { spec: { containers: [{ image }] } } },
});

/** A Service of one's own, like the one that has just answered. */
export const next: NonNullable<Part["next"]> = async (install, { cluster }) => {
  const { config, ingress, manifests } = install;
  const reader = readerOf(cluster);
  const [naming, address] = await Promise.all([findNaming(reader, install), findAddress(reader, config, ingress)]);
  const url = naming && urlAt(naming.url({ name: "hello", namespace: NAMESPACE }), address);
  const answers = url ?? "the URL that status shows";
  return [
    {
      text: `Deploy a first Service; it will answer at ${answers}:`,
      command: sh`kn service create hello -n ${NAMESPACE} --image ${manifests.hello}`,
    },
    {
      text: "Or the same without kn:",
      command: sh`echo ${JSON.stringify(serviceOf(manifests.hello))} | kubectl apply -f -`,
    },
  ];
};
