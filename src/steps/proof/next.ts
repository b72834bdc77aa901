import { sh } from "../../ports/shell.ts";
import { firstNamespace } from "../hello/place.ts";
import type { Part } from "../part.ts";
import { findUrls } from "./urls.ts";

const serviceOf = (name: string, namespace: string, image: string) => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { template: { spec: { containers: [{ image }] } } },
});

/** A Service of one's own, like the one that has just answered. */
export const next: NonNullable<Part["next"]> = async (install, tools) => {
  const { config, manifests } = install;
  const urls = await findUrls(install, tools);
  const namespace = firstNamespace(config);
  const urlOf = (name: string): string => urls?.({ name, namespace }) ?? "the URL that status shows";
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
