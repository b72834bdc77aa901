import { type Finding, fail, ok, type ReadContext, skipped } from "../../core/check.ts";
import { few } from "../../ports/few.ts";
import { at, conditionOf, describe, type KubeObject, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { clusterEventsIn } from "../events.ts";
import { FOUND_BY, findInstallation, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { failedProbes, meaningOf } from "./probe-log.ts";

const LINES = 500;
/** Namespaces whose events are read. */
const MOST = 5;

const isWaiting = (ingress: KubeObject): boolean => conditionOf(ingress, "LoadBalancerReady")?.status !== "True";

const hostsIn = (ingress: KubeObject): readonly string[] => {
  const rules = at(ingress, "spec", "rules");
  return (Array.isArray(rules) ? rules : [])
    .flatMap((rule) => at(rule, "hosts") ?? [])
    .filter((host): host is string => typeof host === "string");
};

export const probesArrive = healthCheck({
  id: "ingress.probes",
  title: "The ingress's controller sees each Route at the gateway",
  needs: ["ingress.deployments"],
  symptomOf: [
    "istio.settings",
    "istio.service-names",
    "istio.probed-service",
    "istio.tls-names",
    "istio.gateway-pods",
    "contour.services",
    "gateway-api.gateways",
    "network.class",
    "network.redirect",
    "certificate.usable",
    "mesh.outside",
  ],
  reads: [...FOUND_BY, "Ingress.networking.internal.knative.dev", "Pod", "Event", "logs"],
  meaning:
    'A Route stays at "Waiting for load balancer to be ready" until each pod of the gateway answers a probe for its host. 404, 503, another configuration, refused connections and broken handshakes are tried again for ever; every other answer passes for ready.',
  todo: "Do what the finding says of the answer that the controller got. Let `/healthz` with the header `K-Network-Probe` through every filter and policy.",
  threads: [
    "knative-extensions/net-istio#700",
    "knative/serving#6793",
    "knative/serving#7264",
    "knative/serving#10115",
    "kserve/kserve#1900",
  ],
  run: async (ctx) => {
    const { ingress, seen, className } = await findInstallation(ctx.cluster);
    const id = ingress?.id ?? seen?.id;
    if (id === undefined) return skipped(`the ingress class is ${className}, which is none that we know`);
    const [ingresses, pods] = await Promise.all([
      ctx.cluster.list({ apiVersion: "networking.internal.knative.dev/v1alpha1", kind: "Ingress" }),
      ctx.cluster.list({ apiVersion: "v1", kind: "Pod" }),
    ]);
    const waiting = ingresses.filter(isWaiting);
    if (waiting.length === 0) return ok(`${ingresses.length} of ${ingresses.length} are there`);
    const controller = `net-${id}-controller`;
    return (
      (await byLog(ctx, waiting, controller, pods)) ??
      (await byEvents(ctx, waiting, controller)) ??
      ok(`${few(waiting.map(describe))} waits, and no probe is told to fail`)
    );
  },
});

/** What the controller last said of a host that is waited for. */
const byLog = async (
  ctx: ReadContext,
  waiting: readonly KubeObject[],
  controller: string,
  pods: readonly KubeObject[],
): Promise<Finding | undefined> => {
  const own = pods.filter(({ metadata }) => metadata.labels?.app === controller);
  const logs = await Promise.all(
    own.map(({ metadata: { namespace = "", name } }) =>
      // Without its log the rest is told all the same.
      ctx.cluster.logs({ namespace, pod: name, container: "controller", lines: LINES }).catch(() => ""),
    ),
  );
  const met = waiting.filter((one) => hostsIn(one).length > 0);
  const failed = logs.flatMap(failedProbes);
  const about = met.filter((one) => failed.some(({ host }) => hostsIn(one).includes(host)));
  const last = failed.findLast(({ host }) => about.some((one) => hostsIn(one).includes(host)));
  if (!last) return undefined;
  const { means, todo } = meaningOf(last.error);
  return fail(
    `${few(about.map(describe))}: ${means}: ${last.url} at ${last.at}: ${last.error}`,
    { text: todo, command: logsOf(controller) },
    {
      evidence: [
        ...about.map((one) => ({ object: refOf(one), field: ".status.conditions", expected: "LoadBalancerReady" })),
        { field: last.at, observed: last.error, expected: "200" },
      ],
    },
  );
};

/** It could not even begin: the Service or its Endpoints are not there. */
const byEvents = async (
  ctx: ReadContext,
  waiting: readonly KubeObject[],
  controller: string,
): Promise<Finding | undefined> => {
  const namespaces = [...new Set(waiting.map(({ metadata }) => metadata.namespace ?? ""))].slice(0, MOST);
  const events = (await Promise.all(namespaces.map((namespace) => clusterEventsIn(ctx, namespace)))).flat();
  for (const ingress of waiting) {
    const told = events.findLast(
      ({ about, isWarning, message }) =>
        about === ingress.metadata.uid && isWarning && /^failed to probe/.test(message),
    );
    if (told)
      return fail(
        `${describe(ingress)}: ${told.message}`,
        { text: "Bring back what it misses.", command: logsOf(controller) },
        { evidence: [{ object: refOf(ingress), field: ".status.conditions" }] },
      );
  }
  return undefined;
};

const logsOf = (controller: string) => sh`kubectl logs deployment/${controller} ${inNamespace(KNATIVE)} --tail=50`;
