import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import { ISSUER } from "./issuer.ts";

/** Fields of objects that other steps make, by which Knative asks cert-manager for a certificate for each Route. */

const SERVING = "knative-serving";

/** Knative Serving's controller decides at its start whether it asks cert-manager for anything (serving cmd/controller/main.go). */
export const KNATIVE_CONTROLLER: ObjectRef = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: SERVING,
  name: "controller",
};

const configMap = (name: string, data: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: SERVING, name },
  data,
});

export interface Asking {
  /** This release's name for a key of config-network: `external-domain-tls`, up to 1.11 `auto-tls`. */
  readonly key: (name: string) => string;
  readonly http: "redirect" | "enabled";
}

/**
 * Applied in this order (upstream-facts: config-certmanager, config-network, restart), once the issuer is ready: enabled earlier, each
 * Route would wait; with cert-manager's kinds absent, the controller would not start.
 */
export const askCertManager = ({ key, http }: Asking): readonly KubeObject[] => [
  configMap("config-certmanager", { issuerRef: `kind: ${ISSUER.kind}\nname: ${ISSUER.name}\n` }),
  configMap("config-network", {
    [key("external-domain-tls")]: "Enabled",
    [key("http-protocol")]: http === "redirect" ? "Redirected" : "Enabled",
  }),
  {
    apiVersion: KNATIVE_CONTROLLER.apiVersion,
    kind: KNATIVE_CONTROLLER.kind,
    metadata: { namespace: SERVING, name: KNATIVE_CONTROLLER.name },
    // The same value again restarts nothing; taking it away restarts it once more, without cert-manager.
    spec: {
      template: { metadata: { annotations: { "kn-bootstrap/asks": `${key("external-domain-tls")} ${ISSUER.name}` } } },
    },
  },
];

/**
 * The same objects without the fields: applied under the same manager, they take them back. config-network is not among them, as every way
 * to TLS applies its own part of that.
 */
export const CONFIGURED: readonly KubeObject[] = [
  { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: SERVING, name: "config-certmanager" } },
  { apiVersion: "apps/v1", kind: "Deployment", metadata: { namespace: SERVING, name: KNATIVE_CONTROLLER.name } },
];
