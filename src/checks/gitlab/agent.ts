import { type Finding, fail, ok, type ReadContext, skipped, warn } from "../../core/check.ts";
import { isAlive, isGoing } from "../../kube/draining.ts";
import { at, conditionOf, describe, isRecord, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { healthCheck } from "../health-check.ts";
import { type Agent, type Failure, failureIn, lacksSlash, slashed } from "./failures.ts";

const LINES = 100;
/** It tries again within minutes; what was said before is over. */
const RECENT_MS = 15 * 60_000;
const IMAGE = /\/agentk(?::|@|$)/;
const ADDRESS = "--kas-address";

const containersOf = (deployment: KubeObject): readonly Record<string, unknown>[] => {
  const all = at(deployment, "spec", "template", "spec", "containers");
  return Array.isArray(all) ? all.filter(isRecord) : [];
};

const agentOf = (deployment: KubeObject): Agent | undefined => {
  const container = containersOf(deployment).find((one) => IMAGE.test(textAt(one, "image")));
  if (!container) return undefined;
  const args = (Array.isArray(container.args) ? container.args : []).map(String);
  const index = args.findIndex((arg) => arg === ADDRESS || arg.startsWith(`${ADDRESS}=`));
  const arg = args[index] ?? "";
  const { namespace = "", name, annotations } = deployment.metadata;
  return {
    namespace,
    release: annotations?.["meta.helm.sh/release-name"] ?? name,
    version: /:(v?\d+\.\d+[\w.-]*)/.exec(textAt(container, "image"))?.[1] ?? "",
    address: arg.includes("=") ? arg.slice(ADDRESS.length + 1) : (args[index + 1] ?? ""),
  };
};

/** When a line of JSON was written; undefined: it does not say. */
const timeIn = (line: string): number | undefined => {
  const [, time] = /"time":"([^"]+)"/.exec(line) ?? [];
  return time === undefined ? undefined : Date.parse(time);
};

/** The newest of what went wrong lately. */
const newestFailure = (
  log: string,
  agent: Agent,
  now: Date,
): { readonly failure: Failure; readonly line: string } | undefined => {
  const lately = log.split("\n").filter((line) => !(now.getTime() - (timeIn(line) ?? now.getTime()) > RECENT_MS));
  const met = lately.flatMap((line) => {
    const failure = failureIn(line, agent);
    return failure ? [{ failure, line }] : [];
  });
  return met.findLast(({ failure }) => !failure.isHarmless) ?? met.at(-1);
};

const judge = async (ctx: ReadContext, deployment: KubeObject, agent: Agent): Promise<Finding> => {
  const subject = `the GitLab agent (${describe(deployment)})`;
  const object = refOf(deployment);
  if (lacksSlash(agent.address))
    return fail(
      `${subject} is given an address that does not end in a slash, and is redirected: ${agent.address}`,
      {
        text: "End the address in a slash.",
        command: sh`helm upgrade ${agent.release} gitlab/gitlab-agent ${inNamespace(agent.namespace)} --reuse-values --set ${`config.kasAddress=${slashed(agent.address)}`}`,
      },
      {
        evidence: [{ object, field: `argument ${ADDRESS}`, observed: agent.address, expected: slashed(agent.address) }],
      },
    );
  const labels = at(deployment, "spec", "selector", "matchLabels");
  const pods = (await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace: agent.namespace })).filter(
    (pod) =>
      isAlive(pod) &&
      !isGoing(pod) &&
      Object.entries(isRecord(labels) ? labels : {}).every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  const started = pods.find(
    (pod) => conditionOf(pod, "Initialized")?.status === "True" && textAt(pod, "status", "phase") === "Running",
  );
  if (!started)
    return at(deployment, "spec", "replicas") === 0
      ? skipped(`${subject} is scaled to nothing`)
      : fail(
          `${subject} does not run`,
          { text: "See why.", command: sh`kubectl describe pods ${inNamespace(agent.namespace)}` },
          {
            evidence: [
              { object, field: ".status.readyReplicas", observed: at(deployment, "status", "readyReplicas") ?? 0 },
            ],
          },
        );
  const container = textAt(
    containersOf(deployment).find((one) => IMAGE.test(textAt(one, "image"))),
    "name",
  );
  const { name: pod } = started.metadata;
  const log = await ctx.cluster.logs({ namespace: agent.namespace, pod, container, lines: LINES });
  const found = newestFailure(log, agent, ctx.now());
  if (!found) return ok(`${subject}: nothing in its log${agent.version ? `, ${agent.version}` : ""}`);
  return (found.failure.isHarmless ? warn : fail)(
    `${subject}${found.failure.isHarmless ? "" : " is not connected"}: ${found.failure.means}`,
    found.failure.remedy(agent),
    { evidence: [{ object: refOf(started), field: "log", observed: found.line.slice(0, 300) }] },
  );
};

export const gitlabAgent = healthCheck({
  id: "gitlab.agent",
  title: "The GitLab agent is connected to its server",
  reads: ["Deployment.apps", "Pod", "logs"],
  meaning: "Pipelines and the agent's own work do not reach this cluster.",
  todo: "Do what the finding says of the address, the CA, the token or the version; `kubectl logs` of the agent has the words.",
  threads: ["sameersbn/docker-gitlab#2736"],
  run: async (ctx) => {
    const deployments = await ctx.cluster.list({ apiVersion: "apps/v1", kind: "Deployment" });
    const agents = deployments.flatMap((deployment) => {
      const agent = agentOf(deployment);
      return agent ? [{ deployment, agent }] : [];
    });
    const findings = await Promise.all(agents.map(({ deployment, agent }) => judge(ctx, deployment, agent)));
    const worst = ["fail", "unknown", "warn"].flatMap((status) => findings.filter((one) => one.status === status))[0];
    return worst ?? findings[0] ?? skipped("no agent of GitLab runs here");
  },
});
