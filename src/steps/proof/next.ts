import { findAddress, urlAt } from "../../ingress/address.ts";
import { readerOf } from "../../ports/reader.ts";
import { sh } from "../../ports/shell.ts";
import { findNaming } from "../domain/index.ts";
import { firstNamespace } from "../hello/place.ts";
import type { Part } from "../part.ts";

const serviceOf = (name: string, namespace: string, image: string) => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { template: { spec: { containers: [{ image }] } } },
});

/** A Service of one's own, like the one that has just answered. */
export const next: NonNullable<Part["next"]> = async (install, { cluster }) => {
  const { config, ingress, manifests } = install;
  const reader = readerOf(cluster);
  const [naming, address] = await Promise.all([findNaming(reader, install), findAddress(reader, config, ingress)]);
  const namespace = firstNamespace(config);
  const urlOf = (name: string): string =>
    naming ? urlAt(naming.url({ name, namespace }), address) : "the URL that status shows";
  const name = config.keepHello ? "first" : "hello";
  return [
    ...(config.keepHello
      ? [
          {
            text: `The Service hello answers at ${urlOf("hello")}. It stays for looking at; take it away with:`,
            command: sh`kn-bootstrap install --no-keep-hello`,
          },
        ]
      : []),
    {
      text: `Deploy a first Service; it will answer at ${urlOf(name)}:`,
      command: sh`kn service create ${name} -n ${namespace} --image ${manifests.hello}`,
    },
    {
      text: "Or the same without kn:",
      command: sh`echo ${JSON.stringify(serviceOf(name, namespace, manifests.hello))} | kubectl apply -f -`,
    },
  ];
};
