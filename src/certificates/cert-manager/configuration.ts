import type { KubeObject } from "../../ports/object.ts";
import { KNATIVE_CONTROLLER, SERVING } from "./configured.ts";
import { ISSUER } from "./names.ts";

/** Fields of objects that other steps make, by which Knative asks cert-manager for a certificate for each Route. */

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
