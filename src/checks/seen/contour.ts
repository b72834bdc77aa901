import { fail, ok, skipped } from "../../core/check.ts";
import { CONTOUR_CONFIG, defaultSecret, envoyFor, VISIBILITIES } from "../../ingress/seen/contour.ts";
import { listIn } from "../../ingress/seen/places.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { at, describe, type ObjectRef, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";

const EDIT = sh`kubectl edit configmap ${CONTOUR_CONFIG.name} ${inNamespace(CONTOUR_CONFIG.namespace)}`;
const NAMES = Object.keys(VISIBILITIES) as (keyof typeof VISIBILITIES)[];

const isContour = async (cluster: ClusterRead): Promise<boolean> =>
  (await findInstallation(cluster)).seen?.id === "contour";

export const contourServices = healthCheck({
  id: "contour.services",
  title: "net-contour finds the Envoys that it programs",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "Service"],
  meaning:
    "net-contour asks the pods behind the Services in config-contour whether a Route has arrived. Where a Service is not named or not there, it does not start, or new Routes wait.",
  todo: "Name both, `ExternalIP` and `ClusterLocal`, each with `class` and `service: namespace/name`, as the example in ConfigMap config-contour has them.",
  run: async ({ cluster }) => {
    if (!(await isContour(cluster))) return skipped("the ingress is not Contour");
    const [config, services] = await Promise.all([
      cluster.get(CONTOUR_CONFIG),
      cluster.list({ apiVersion: "v1", kind: "Service" }),
    ]);
    for (const name of NAMES) {
      const service = envoyFor(config, name);
      const seen = { evidence: [{ object: CONTOUR_CONFIG, field: ".data.visibility", observed: config?.data }] };
      if (!service)
        return fail(`config-contour names no Service for ${name}`, { text: "Name it:", command: EDIT }, seen);
      const isThere = services.some(
        ({ metadata }) => metadata.namespace === service.namespace && metadata.name === service.name,
      );
      if (!isThere)
        return fail(
          `${describe(service)}, which config-contour names for ${name}, does not exist`,
          { text: "Install Contour there, or name the Service of its Envoy:", command: EDIT },
          { evidence: [{ object: service, field: "" }] },
        );
    }
    return ok(NAMES.map((name) => describe(envoyFor(config, name) ?? CONTOUR_CONFIG)).join(", "));
  },
});

const DELEGATION = { apiVersion: "projectcontour.io/v1", kind: "TLSCertificateDelegation" };

export const contourDelegation = healthCheck({
  id: "contour.delegation",
  title: "Contour may use the certificate for all names in every namespace",
  needs: ["knative.installed"],
  reads: [...FOUND_BY, "TLSCertificateDelegation.projectcontour.io"],
  meaning:
    "A Secret of another namespace is used for a Service only where a TLSCertificateDelegation beside the Secret lets it be. Without one the HTTPProxy is invalid, and the Route does not become ready.",
  todo: "Make a TLSCertificateDelegation in the Secret's namespace with `targetNamespaces: ['*']`.",
  run: async ({ cluster }) => {
    if (!(await isContour(cluster))) return skipped("the ingress is not Contour");
    const [config, delegations] = await Promise.all([cluster.get(CONTOUR_CONFIG), cluster.list(DELEGATION)]);
    const secret = defaultSecret(config);
    if (!secret) return skipped("config-contour has no certificate for all names");
    const beside = delegations.filter(({ metadata }) => metadata.namespace === secret.namespace);
    const allowing = beside.find((one) =>
      listIn(at(one, "spec", "delegations")).some(
        ({ secretName, targetNamespaces }) =>
          secretName === secret.name && Array.isArray(targetNamespaces) && targetNamespaces.includes("*"),
      ),
    );
    if (allowing) return ok(describe(allowing));
    return fail(
      `no TLSCertificateDelegation gives ${describe(secret)} to the namespaces of Services`,
      { text: "Make one:", command: delegate(secret) },
      { evidence: [{ object: secret, field: "" }, ...beside.map((one) => ({ object: refOf(one), field: ".spec" }))] },
    );
  },
});

const delegate = ({ namespace = "", name }: ObjectRef) => {
  const delegation = {
    ...DELEGATION,
    metadata: { namespace, name: `${name}-everywhere` },
    spec: { delegations: [{ secretName: name, targetNamespaces: ["*"] }] },
  };
  return sh`printf %s ${JSON.stringify(delegation)} | kubectl apply -f -`;
};
