import { type Finding, fail, ok, type ReadContext, skipped } from "../core/check.ts";
import { isAlive, isGoing } from "../kube/draining.ts";
import { keepingFrom } from "../kube/network-policy.ts";
import { few } from "../ports/few.ts";
import { conditionOf, describe, type KubeObject, refOf } from "../ports/object.ts";
import { readable } from "../ports/readable.ts";
import { inNamespace, sh } from "../ports/shell.ts";
import { clusterEventsIn } from "./events.ts";
import { KNATIVE } from "./found.ts";
import { healthCheck } from "./health-check.ts";

/** Its readiness is that of its connection (serving cmd/activator/main.go: statSink.Status). */
const NOT_CONNECTED = /statuscode: 500/;
const AUTOSCALER = { number: 8080, name: "websocket" };
const DNS = { number: 53, name: "dns-tcp" };
const LINES = 50;

const called =
  (app: string) =>
  (pod: KubeObject): boolean =>
    pod.metadata.labels?.app === app && isAlive(pod) && !isGoing(pod);

/** What the activator itself last said of it. */
const saidBy = async (ctx: ReadContext, { metadata }: KubeObject): Promise<string | undefined> => {
  const text = await readable(
    ctx.cluster.logs({ namespace: KNATIVE, pod: metadata.name, container: "activator", lines: LINES }),
  ).catch(() => undefined);
  return text
    ?.split("\n")
    .findLast((line) => /autoscaler/.test(line) && /dial|lookup|connect|refused|timeout/i.test(line))
    ?.match(/(?:dial|lookup|connect\w*|websocket)[^"}]*/i)?.[0]
    .slice(0, 200);
};

/** NetworkPolicies between the two, and before the name server. */
const policyProblem = async (
  ctx: ReadContext,
  activator: KubeObject,
  autoscaler: KubeObject,
): Promise<Finding | undefined> => {
  const [policies, namespace] = await Promise.all([
    readable(ctx.cluster.list({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", namespace: KNATIVE })),
    readable(ctx.cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE })),
  ]);
  if (!policies) return undefined;
  const server = { apiVersion: "v1", kind: "Pod", metadata: { namespace: "kube-system", name: "dns" } };
  const keeping = [
    ...keepingFrom(policies, "Ingress", autoscaler, { namespace, pod: activator }, AUTOSCALER),
    ...keepingFrom(policies, "Egress", activator, { namespace, pod: autoscaler }, AUTOSCALER),
  ];
  const mute = keeping.length > 0 ? [] : noDns(policies, activator, server);
  const [first] = [...keeping, ...mute];
  if (!first) return undefined;
  const what = keeping.length > 0 ? "port 8080 of the autoscaler" : "a name server";
  return fail(
    `NetworkPolicy ${few([...keeping, ...mute].map(({ metadata }) => metadata.name))} keeps the activator from ${what}`,
    {
      text: "Let the pods of Knative's namespace reach each other, and the DNS.",
      command: sh`kubectl edit networkpolicy ${first.metadata.name} ${inNamespace(first.metadata.namespace)}`,
    },
    { evidence: [...keeping, ...mute].map((policy) => ({ object: refOf(policy), field: ".spec" })) },
  );
};

/** Where the DNS is differs; only a policy that lets nothing out to that port at all is to blame. */
const noDns = (policies: readonly KubeObject[], activator: KubeObject, server: KubeObject): readonly KubeObject[] => {
  const anywhere = policies.map((policy) => ({ ...policy, spec: withoutPeers(policy.spec) }));
  return keepingFrom(anywhere, "Egress", activator, { namespace: undefined, pod: server }, DNS);
};

const withoutPeers = (spec: unknown): unknown => {
  const rules = (spec as { egress?: unknown } | undefined)?.egress;
  if (!Array.isArray(rules)) return spec;
  const ports = (rule: { ports?: unknown }): unknown =>
    Array.isArray(rule?.ports) ? rule.ports.map((port) => ({ ...port, protocol: "TCP" })) : [];
  return { ...(spec as object), egress: rules.map((rule) => ({ ports: ports(rule) })) };
};

export const activatorConnected = healthCheck({
  id: "serving.activator",
  title: "The activator reaches the autoscaler",
  needs: ["knative.installed"],
  reads: ["Pod", "Event", "Namespace", "NetworkPolicy.networking.k8s.io", "logs"],
  meaning:
    "The activator is not ready while it has no connection to the autoscaler: its probe ends with 500. Nothing starts from zero then.",
  todo: "Let its pods reach port 8080 of Service autoscaler: NetworkPolicies, the cluster's DNS and its domain, a mesh in between.",
  threads: ["knative-extensions/kn-plugin-quickstart#387", "knative/serving#12611"],
  run: async (ctx) => {
    const [pods, events] = await Promise.all([
      ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace: KNATIVE }),
      clusterEventsIn(ctx, KNATIVE),
    ]);
    const activators = pods.filter(called("activator"));
    const isReady = (pod: KubeObject): boolean => conditionOf(pod, "Ready")?.status === "True";
    const unconnected = activators.filter(
      (pod) =>
        !isReady(pod) && events.some(({ about, message }) => about === pod.metadata.uid && NOT_CONNECTED.test(message)),
    );
    const [first] = unconnected;
    if (activators.length === 0) return skipped("no activator runs");
    if (!first) return ok("no activator has lost the autoscaler");
    const autoscaler = pods.find((pod) => called("autoscaler")(pod) && isReady(pod));
    if (!autoscaler) return skipped("the autoscaler does not run");
    const policy = await policyProblem(ctx, first, autoscaler);
    if (policy) return policy;
    const said = await saidBy(ctx, first);
    const { name } = first.metadata;
    return fail(
      `${describe(first)} has no connection to the autoscaler${said ? `: ${said}` : ""}`,
      {
        text: /no such host|lookup/.test(said ?? "")
          ? "The cluster's DNS does not answer for Service autoscaler: look at its name server, and at the domain of the cluster in the pods' resolv.conf."
          : "Nothing in Knative's namespace forbids it: look at the pod network between the two nodes, and at a mesh.",
        command: sh`kubectl logs ${name} -n ${KNATIVE} --tail=${LINES}`,
      },
      {
        evidence: unconnected.map((pod) => ({
          object: refOf(pod),
          field: "readiness probe",
          observed: 500,
          expected: 200,
        })),
      },
    );
  },
});
