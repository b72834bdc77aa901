/** What the processes of a component ask for by name. */
export interface Needed {
  readonly services: readonly Asked[];
  readonly configMaps: readonly Asked[];
  /** The file of a release that has them. `version` without a `v`. */
  readonly source: (version: string) => string;
}

export interface Asked {
  readonly name: string;
  /** The Deployment beside which it stands; a Service leads to its pods. */
  readonly by: string;
}

const RELEASES = "/releases/download/knative-v";

/**
 * In each release from 1.0 on. Others' checks look at the Service `webhook`, at config-network and at config-domain. config-tracing is in each
 * as well, and newer ones no longer read it.
 */
export const SERVING: Needed = {
  services: [
    { name: "activator-service", by: "activator" },
    { name: "autoscaler", by: "autoscaler" },
    { name: "controller", by: "controller" },
  ],
  configMaps: [
    "autoscaler",
    "defaults",
    "deployment",
    "features",
    "gc",
    "leader-election",
    "logging",
    "observability",
  ].map((name) => ({ name: `config-${name}`, by: "controller" })),
  source: (version) => `https://github.com/knative/serving${RELEASES}${version}/serving-core.yaml`,
};

const GATEWAY = "3scale-kourier-gateway";
/** In each release from 1.0 on. The gateway's own Service is looked at by checks of its own. */
export const KOURIER: Needed = {
  services: [
    { name: "net-kourier-controller", by: "net-kourier-controller" },
    { name: "kourier-internal", by: GATEWAY },
  ],
  configMaps: [{ name: "kourier-bootstrap", by: GATEWAY }],
  source: (version) => `https://github.com/knative-extensions/net-kourier${RELEASES}${version}/kourier.yaml`,
};
