import type { Config } from "../../config/config.ts";
import type { ObjectRef } from "../../ports/object.ts";

/** Where a first Service is for its URL to have a certificate: the first namespace that gets one, else `default`. */
export const firstNamespace = ({ namespaces: [first = "default"] }: Pick<Config, "namespaces">): string => first;

/** The Service that stays with --keep-hello. */
export const keptHello = (config: Pick<Config, "namespaces">): ObjectRef => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  namespace: firstNamespace(config),
  name: "hello",
});
