import { fail, ok, skipped, warn } from "../../core/check.ts";
import { isChosen, labelsIn } from "../../ingress/istio/found.ts";
import { SHARED } from "../../ingress/istio/names.ts";
import { serversOf } from "../../ingress/istio/preflight/served-by.ts";
import { settingsOf } from "../../ingress/istio/preflight/settings.ts";
import { few } from "../../ports/few.ts";
import { at, describe, type KubeObject, keyOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { FOUND_BY, findInstallation } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { knativeServices } from "../services.ts";

/** Which of a Gateway's servers net-istio asks over TLS (pkg/reconciler/ingress/lister.go). */
const isProbed = (server: unknown): boolean =>
  at(server, "port", "number") === 443 &&
  /^https$/i.test(textAt(server, "port", "protocol")) &&
  textAt(server, "tls", "mode") !== "MUTUAL" &&
  at(server, "tls", "httpsRedirect") !== true;

/** Whose hosts an Envoy takes a handshake for on port 443. */
const isTls = (server: unknown): boolean =>
  at(server, "port", "number") === 443 && /^(https|tls)$/i.test(textAt(server, "port", "protocol"));

const namesOf = (server: unknown): readonly string[] => {
  const hosts = at(server, "hosts");
  // `namespace/host` says where its VirtualServices are.
  return (Array.isArray(hosts) ? hosts : []).map((host) => String(host).split("/").at(-1) ?? "");
};

/** A wildcard stands for one label or more there, unlike in a certificate. */
const isTaken = (names: readonly string[], host: string): boolean =>
  names.some((name) => name === "*" || name === host || (name.startsWith("*.") && host.endsWith(name.slice(1))));

export const tlsForEveryName = healthCheck({
  id: "istio.tls-names",
  title: "Port 443 of the shared Gateway is for every host that net-istio asks there",
  needs: ["istio.settings"],
  symptomOf: ["istio.shared-port"],
  reads: [
    ...FOUND_BY,
    "Deployment.apps",
    "Gateway.networking.istio.io",
    "Service.serving.knative.dev",
    "DomainMapping.serving.knative.dev",
  ],
  meaning:
    "As soon as the shared Gateway has a TLS server on 443, net-istio probes every public host there. A host that no server has gets no handshake, and its Route waits for ever; Routes that are ready stay so until they change, so that it strikes at the next deployment.",
  todo: 'Keep one server on 443 with `hosts: ["*"]` and a certificate; others for single names stand beside it. Routes that wait already go on when Deployment net-istio-controller is restarted.',
  run: async (ctx) => {
    const { cluster } = ctx;
    const found = await findInstallation(cluster);
    if (found.ingress?.id !== "istio") return skipped(`the ingress class is ${found.className}`);
    const [{ gateways }, all, services, mappings] = await Promise.all([
      settingsOf(cluster, undefined),
      cluster.list({ apiVersion: SHARED.apiVersion, kind: SHARED.kind }),
      knativeServices(ctx),
      cluster.list({ apiVersion: "serving.knative.dev/v1beta1", kind: "DomainMapping" }),
    ]);
    const shared = gateways.flatMap(({ namespace, name }) => {
      const live = all.find((one) => keyOf(one) === keyOf({ ...SHARED, namespace, name }));
      return live && serversOf(live).some(isProbed) ? [live] : [];
    });
    const [gateway] = shared;
    if (!gateway) return skipped("no shared Gateway has a TLS server on 443");
    const names = all
      .filter((one) => isOnThePods(one, gateway))
      .flatMap((one) => serversOf(one).filter(isTls))
      .flatMap(namesOf);
    const hosts = [
      ...services.map((service) => textAt(service, "status", "url").replace(/^https?:\/\//, "")),
      ...mappings.map(({ metadata }) => metadata.name),
    ].filter((host) => host !== "" && !host.endsWith(".svc.cluster.local"));
    const bare = hosts.filter((host) => !isTaken(names, host));
    const domains = found.domains.filter((domain) => !isTaken(names, `any.${domain}`));
    const { name, namespace } = gateway.metadata;
    const remedy = {
      text: 'Give it a server on 443 with hosts: ["*"] and a certificate. Routes that wait go on when net-istio-controller is restarted.',
      command: sh`kubectl edit gateways.networking.istio.io ${name} ${inNamespace(namespace)}`,
    };
    const seen = {
      evidence: [
        {
          object: { ...SHARED, namespace: namespace ?? "", name },
          field: ".spec.servers",
          observed: names,
          expected: ["*"],
        },
      ],
    };
    const is = `${describe(gateway)} has port 443 for ${few([...new Set(names)])}`;
    if (bare.length > 0)
      return fail(`${is}, and not for ${few(bare)}, whose Routes wait at their next change`, remedy, seen);
    if (domains.length > 0)
      return warn(`${is}: a Service in another namespace below ${few(domains)} would wait for ever`, remedy, seen);
    return ok(few(names));
  },
});

/** Whether both are on the same pods: one chooses what the other does. */
const isOnThePods = (one: KubeObject, gateway: KubeObject): boolean => {
  const [mine, theirs] = [one, gateway].map((object) => labelsIn(at(object, "spec", "selector")));
  return isChosen(mine ?? {}, theirs ?? {}) || isChosen(theirs ?? {}, mine ?? {});
};
