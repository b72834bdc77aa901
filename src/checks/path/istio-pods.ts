import { type Finding, fail, ok, skipped } from "../../core/check.ts";
import { entrances, type FoundGateway, findIstio, isChosen, labelsIn } from "../../ingress/istio/found.ts";
import { SHARED } from "../../ingress/istio/names.ts";
import { serversOf } from "../../ingress/istio/preflight/served-by.ts";
import { settingsOf } from "../../ingress/istio/preflight/settings.ts";
import { type SharedGateway, serviceAt } from "../../ingress/istio/settings.ts";
import { few } from "../../ports/few.ts";
import { at, describe, isRecord, type KubeObject, keyOf, refOf } from "../../ports/object.ts";
import { readerOf } from "../../ports/reader.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { ISTIO_FOUND_BY } from "../istio.ts";

export const gatewayHasPods = healthCheck({
  id: "istio.gateway-pods",
  title: "Knative's Gateways choose pods, and their Services lead to the ports that they serve",
  needs: ["istio.settings"],
  reads: [...FOUND_BY, ...ISTIO_FOUND_BY, "Gateway.networking.istio.io"],
  meaning:
    "Istio gives the Routes of a Gateway to the pods that its selector chooses. Helm's chart labels them by the name of its release, `istio: ingress`, which the selector of the release, `istio: ingressgateway`, does not match; and a Service whose ports are others leads nowhere.",
  todo: "Give the Gateway the selector of the pods that are there, and name their Service in config-istio; or install Helm's chart as `istio-ingressgateway`.",
  threads: ["knative/operator#1206", "istio/istio#36760", "knative/serving#15156"],
  run: async ({ cluster }) => {
    const { ingress, className } = await findInstallation(cluster);
    if (ingress?.id !== "istio") return skipped(`the ingress class is ${className}`);
    const [settings, istio, all, services] = await Promise.all([
      settingsOf(cluster, undefined),
      findIstio(readerOf(cluster)),
      cluster.list({ apiVersion: SHARED.apiVersion, kind: SHARED.kind }),
      cluster.list({ apiVersion: "v1", kind: "Service" }),
    ]);
    if (istio.gateways.length === 0) return skipped("no pods of an Istio gateway are here");
    for (const named of settings.gateways) {
      const live = all.find((one) => keyOf(one) === keyOf({ ...SHARED, namespace: named.namespace, name: named.name }));
      const problem = live && (unchosen(live, istio.gateways, entrances(istio)) ?? unled(live, named, services));
      if (problem) return problem;
    }
    return ok(settings.gateways.map(({ namespace, name }) => `${namespace}/${name}`).join(", "));
  },
});

const unchosen = (
  gateway: KubeObject,
  pods: readonly FoundGateway[],
  candidates: readonly FoundGateway[],
): Finding | undefined => {
  const selector = labelsIn(at(gateway, "spec", "selector"));
  if (pods.some(({ labels }) => isChosen(labels, selector))) return undefined;
  const { name, namespace } = gateway.metadata;
  const words = Object.entries(selector).map(([key, value]) => `${key}: ${value}`);
  const [candidate] = candidates;
  const gone = Object.keys(selector).filter((key) => !(candidate && key in candidate.selector));
  const patch = JSON.stringify({
    spec: { selector: { ...Object.fromEntries(gone.map((key) => [key, null])), ...candidate?.selector } },
  });
  return fail(
    `${describe(gateway)} chooses pods by ${words.join(", ")}, and no pod of a gateway has that${
      candidate
        ? `; those behind Service ${candidate.id} have ${Object.entries(candidate.selector)
            .map(([key, value]) => `${key}: ${value}`)
            .join(", ")}`
        : ""
    }`,
    {
      text: "Choose those that are there, and name their Service in config-istio where it is another:",
      command: sh`kubectl patch gateways.networking.istio.io ${name} ${inNamespace(namespace)} --type merge -p ${patch}`,
    },
    {
      evidence: [
        { object: refOf(gateway), field: ".spec.selector", observed: selector, expected: candidate?.selector },
        ...pods.map(({ workload, labels }) => ({
          object: refOf(workload),
          field: ".spec.template.metadata.labels",
          observed: labels,
        })),
      ],
    },
  );
};

/** A server's port is one of the Service's, or one that it leads to. */
const unled = (gateway: KubeObject, named: SharedGateway, services: readonly KubeObject[]): Finding | undefined => {
  const place = serviceAt(named);
  const service = services.find(
    ({ metadata }) => metadata.name === place?.name && metadata.namespace === place?.namespace,
  );
  const spec = at(service, "spec", "ports");
  const ports = (Array.isArray(spec) ? spec : []).filter(isRecord);
  const leads = (number: unknown): boolean =>
    ports.some(({ port, targetPort }) => port === number || targetPort === number || typeof targetPort === "string");
  const bare = serversOf(gateway)
    .map((server) => at(server, "port", "number"))
    .filter((number) => !leads(number));
  if (!service || bare.length === 0) return undefined;
  return fail(
    `no port of ${describe(service)} leads to ${few(bare.map(String))}, where ${describe(gateway)} serves`,
    {
      text: "Give the Service such a port, with this targetPort:",
      command: sh`kubectl edit service ${service.metadata.name} ${inNamespace(service.metadata.namespace)}`,
    },
    {
      evidence: [
        {
          object: refOf(service),
          field: ".spec.ports",
          observed: ports.map(({ targetPort }) => targetPort),
          expected: bare,
        },
      ],
    },
  );
};
