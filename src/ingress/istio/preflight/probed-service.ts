import { type Check, fail, ok } from "../../../core/check.ts";
import type { ClusterRead } from "../../../ports/cluster.ts";
import { at, describe, isRecord, type KubeObject, type ObjectRef, refOf } from "../../../ports/object.ts";
import { inNamespace, sh } from "../../../ports/shell.ts";
import { SHARED } from "../names.ts";
import { type SharedGateway, serviceAt } from "../settings.ts";
import { settingsOf } from "./settings.ts";

/** Of the release's own Gateways, before they are there. */
const SELECTOR = { istio: "ingressgateway" };

/** A Gateway as it is about to be. */
export interface Planned extends SharedGateway {
  readonly selector: Readonly<Record<string, string>>;
}

/**
 * net-istio asks the pods behind a Service whether the gateway has a Route. It finds that Service by labels: whichever has those that the
 * Gateway selects pods by, in any namespace, and of several it takes any (net-istio pkg/reconciler/ingress/lister.go).
 */
export const oneServiceProbed = (version?: string, planned?: Planned): Check => ({
  id: "istio.probed-service",
  title: "No other Service has the labels of the gateway's",
  run: async ({ cluster }) => {
    const gateways = planned ? [planned] : (await settingsOf(cluster, version)).gateways;
    for (const gateway of gateways) {
      const { selector, matching } = await probedFor(cluster, gateway, planned?.selector);
      const own = serviceAt(gateway);
      const isOwn = ({ metadata }: KubeObject): boolean =>
        metadata.name === own?.name && metadata.namespace === own?.namespace;
      const others = matching.filter((service) => !isOwn(service));
      // One that is named and not there yet will come.
      const isOwnThere = own === undefined || (await cluster.get(service(own))) !== undefined;
      const [other] = others;
      if (other && (matching.length > 1 || !isOwnThere)) return mistaken(gateway, selector, matching, other);
    }
    return ok(gateways.map(({ namespace, name }) => `${namespace}/${name}`).join(", "));
  },
});

const service = ({ namespace, name }: { namespace: string; name: string }): ObjectRef => ({
  apiVersion: "v1",
  kind: "Service",
  namespace,
  name,
});

const probedFor = async (
  cluster: ClusterRead,
  { namespace, name }: SharedGateway,
  planned: Planned["selector"] | undefined,
) => {
  const live = await cluster.get({ ...SHARED, namespace, name });
  const found = at(live, "spec", "selector");
  const selector: Readonly<Record<string, unknown>> = planned ?? (live ? (isRecord(found) ? found : {}) : SELECTOR);
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${String(value)}`);
  const matching = await cluster.list({ apiVersion: "v1", kind: "Service", labelSelector: labels.join(",") });
  return { selector, matching };
};

const mistaken = (
  { namespace, name }: SharedGateway,
  selector: Readonly<Record<string, unknown>>,
  matching: readonly KubeObject[],
  other: KubeObject,
) => {
  const labels = Object.entries(selector).map(([key, value]) => `${key}: ${String(value)}`);
  const [first = ""] = Object.keys(selector);
  return fail(
    `${describe(other)} has the labels by which net-istio finds the Service of Gateway ${namespace}/${name} (${labels.join(", ")}), and may be taken for it`,
    {
      text: "New Routes would wait without end. Take a label from it; Routes that wait already go on when Deployment net-istio-controller is restarted:",
      command: sh`kubectl label service ${other.metadata.name} ${inNamespace(other.metadata.namespace)} ${[`${first}-`]}`,
    },
    { evidence: matching.map((one) => ({ object: refOf(one), field: ".metadata.labels", observed: selector })) },
  );
};
