import { type Finding, fail, ok, skipped } from "../../core/check.ts";
import { at, dataOf, isRecord, type KubeObject, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { configMap, KNATIVE, routesHaveOwn } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { servedNow } from "../served.ts";
import { targetOf, terminatedAt } from "./balancer.ts";
import { ENTERED_BY, entranceOf } from "./entrance.ts";

const NETWORK = configMap("config-network");
const PATCH = JSON.stringify({ data: { "http-protocol": "Enabled", httpProtocol: null } });
const REMEDY = sh`kubectl patch configmap config-network -n ${KNATIVE} --type merge -p ${PATCH}`;
/** In the environment of Kourier's controller: something before it redirects. */
const LEFT_TO_OTHERS = "KOURIER_HTTPOPTION_DISABLED";

const trap = (what: string, text: string, observed: string): Finding =>
  fail(
    `http is redirected, and ${what}`,
    { text, command: REMEDY },
    { evidence: [{ object: NETWORK, field: '.data["http-protocol"]', observed, expected: "Enabled" }] },
  );

export const redirectLeads = healthCheck({
  id: "network.redirect",
  title: "Where http is redirected, https is answered",
  needs: ["knative.installed"],
  symptomOf: ["certificate.usable"],
  reads: ENTERED_BY,
  meaning:
    "`http-protocol: Redirected` sends every request to https where nobody answers, in circles where the load balancer has ended TLS already, or to a 404 where Istio's shared Gateway has the certificate. net-gateway-api does not know it, and Routes do not become ready.",
  todo: "Set `http-protocol: Enabled`, and redirect in one place: at the load balancer, or on the Gateway (`httpsRedirect`).",
  threads: [
    "knative/serving#14879",
    "knative/serving#12527",
    "knative-extensions/net-gateway-api#818",
    "knative/docs#3562",
  ],
  run: async ({ cluster }) => {
    const [{ found, service }, network, deployments] = await Promise.all([
      entranceOf({ cluster }),
      cluster.get(NETWORK),
      cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
    ]);
    const data = dataOf(network);
    const set = data["http-protocol"] ?? data.httpProtocol ?? "";
    if (set.toLowerCase() !== "redirected") return skipped("http is not redirected");
    if (found.seen?.id === "gateway-api")
      return trap(
        "net-gateway-api does not know how: its probe gets 404, and no Route becomes ready",
        "Switch it off:",
        set,
      );
    const ended = service && terminatedAt(service);
    if (ended && !ended.isEncrypted && targetOf(service, 80)?.target === targetOf(service, 443)?.target)
      return trap(
        "the load balancer has ended TLS already: what comes to it as https arrives as http, and is redirected in circles",
        "Let the load balancer redirect:",
        set,
      );
    if (routesHaveOwn(data)) return ok("each Route has a certificate");
    if (found.ingress?.id === "istio")
      return trap(
        "for that net-istio takes each Route off the shared Gateway, whose certificate is then served with 404",
        "Redirect on the shared Gateway instead (tls.httpsRedirect of its server on port 80), which kn-bootstrap install does:",
        set,
      );
    if (found.ingress?.id !== "kourier" || !service || isLeftToOthers(deployments)) return ok(set);
    if (ended || (await servedNow(cluster, found))) return ok("the gateway has a certificate");
    return trap(
      "the gateway has no certificate, so that nothing answers https",
      "Switch it off, or get a certificate:",
      set,
    );
  },
});

const isLeftToOthers = (deployments: readonly KubeObject[]): boolean => {
  const controller = deployments.find(({ metadata }) => metadata.name === "net-kourier-controller");
  const containers = at(controller, "spec", "template", "spec", "containers");
  return (Array.isArray(containers) ? containers : [])
    .flatMap((container) => at(container, "env") ?? [])
    .some((one) => isRecord(one) && textAt(one, "name") === LEFT_TO_OTHERS);
};
