import { fail, ok, skipped, warn } from "../../core/check.ts";
import { conditionOf, describe, type KubeObject, refOf, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { configMap, defaultDomains, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { podsProblem } from "../pods.ts";
import { complaintIn, lastWords, newestOf } from "./log.ts";

/** serving-default-domain.yaml; since 0.2x its name is generated. */
const isOfDomain = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.app === "default-domain" || /^default-domain/.test(metadata.name);

const CONFIG = configMap("config-domain");
const SET = sh`kn-bootstrap install --domain apps.example.com`;

/** What helps, by what the Job's program says (knative/serving, cmd/default-domain). */
const remedyFor = (why: string) => {
  if (/timed out waiting|context deadline|no public load balancers|unexpected shape/i.test(why))
    return {
      text: "The gateway has got no address in twenty minutes. Give it one, or set a domain of your own; then delete the Job and apply serving-default-domain.yaml again.",
      command: sh`kubectl get services -A --field-selector spec.type=LoadBalancer`,
    };
  if (/resolv|no such host|lookup/i.test(why))
    return {
      text: "The load balancer has a name and no address of IPv4 behind it: such a gateway takes a domain of your own.",
      command: SET,
    };
  return { text: "Mend that, or set a domain of your own.", command: SET };
};

export const domainJobEnded = healthCheck({
  id: "domain.job",
  title: "The Job that sets a domain of magic DNS has done so",
  needs: ["knative.installed"],
  symptomOf: ["ingress.address", "ingress.deployments", "network.class", "serving.webhook"],
  reads: ["ConfigMap", "Job.batch", "Pod"],
  meaning:
    "Job default-domain of Knative's release has not found the gateway's address, so that URLs end in svc.cluster.local. It wants a load balancer with an address of IPv4, and gives up after twenty minutes.",
  todo: "Give the gateway an address and run the Job again, or set a domain of your own.",
  threads: ["knative/serving#15120"],
  run: async (ctx, memory) => {
    const { cluster } = ctx;
    const [jobs, pods, config] = await Promise.all([
      cluster.list({ apiVersion: "batch/v1", kind: "Job", namespace: KNATIVE }),
      cluster.list({ apiVersion: "v1", kind: "Pod", namespace: KNATIVE }),
      cluster.get(CONFIG),
    ]);
    const job = newestOf(jobs.filter(isOfDomain));
    if (!job) return skipped("there is no such Job");
    const [domain] = defaultDomains(config);
    if (domain !== undefined) return ok(`config-domain has ${domain}`);
    const name = describe(job);
    const evidence = [
      { object: refOf(job), field: "condition Failed", observed: textAt(conditionOf(job, "Failed"), "reason") },
      { object: CONFIG, field: ".data", expected: "a domain" },
    ];
    if (conditionOf(job, "Complete")?.status === "True")
      return warn(
        `${name} has ended, and there is no domain: the gateway had neither an address nor a name then`,
        remedyFor("no public load balancers"),
        { evidence },
      );
    const cause = await podsProblem(ctx, name, KNATIVE, { "job-name": job.metadata.name }, memory);
    const why = complaintIn(await lastWords(ctx, job, pods));
    if (conditionOf(job, "Failed")?.status === "True" || why !== "")
      return fail(`${name} has set no domain: ${why || "it has failed"}`, remedyFor(why), { evidence });
    return cause ?? ok(`${name} still waits for the gateway's address`);
  },
});
