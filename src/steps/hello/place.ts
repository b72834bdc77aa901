import type { Config } from "../../config/config.ts";
import { namingOf } from "../../config/naming.ts";
import type { ObjectRef } from "../../ports/object.ts";

type Choice = Pick<Config, "domainTemplate" | "namespaces" | "tls">;

/** Where a first Service is for its URL to have a certificate: `default`, or the first namespace that gets one of its own. */
export const firstNamespace = (config: Choice): string => {
  // The domain says nothing of that.
  const { isFlat } = namingOf(config, "example.com");
  return (isFlat ? undefined : config.namespaces[0]) ?? "default";
};

/** The Service that stays with --keep-hello. */
export const keptHello = (config: Choice): ObjectRef => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  namespace: firstNamespace(config),
  name: "hello",
});
