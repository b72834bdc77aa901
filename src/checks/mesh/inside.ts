import { type Check, type Finding, fail, never, ok, type ReadContext, warn } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { at, isRecord, type KubeObject, type ObjectRef, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { clusterEventsIn } from "../events.ts";
import { podsProblem } from "../pods.ts";
import { hasSidecar } from "./sidecars.ts";

const LABEL = "job-name";
/** Of a container runtime that does not find the program, or may not run it. */
const NOT_STARTED = [126, 127, 128];

/** A pod in the mesh, which a Job makes, has had an answer by the Service's name inside the cluster. */
export const insideAnswers = (job: ObjectRef): Check => ({
  id: "mesh.inside",
  title: "A pod in the mesh reaches it by mutual TLS",
  run: async (ctx, memory) => {
    const { namespace = "", name } = job;
    const look: Remedy = {
      text: "Look at the pod while it is there.",
      command: sh`kubectl describe pod ${inNamespace(namespace)} -l ${LABEL}=${name}`,
    };
    const pods = await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace });
    const pod = pods.find(({ metadata }) => metadata.labels?.[LABEL] === name);
    if (!pod) return (await refused(ctx, job)) ?? fail("the pod that asks has not been made yet", look);
    if (!hasSidecar(pod))
      return never("the pod that asks got no sidecar", {
        text: "See whether istiod's injector is there.",
        command: sh`kubectl get mutatingwebhookconfigurations -l app=sidecar-injector`,
      });
    const ended = endOf(pod);
    if (!ended)
      return (
        (await podsProblem(ctx, `Job ${namespace}/${name}`, namespace, { [LABEL]: name }, memory)) ??
        fail("the pod that asks has no answer yet", look)
      );
    if (ended.exitCode === 0) return ok("it answers by its name inside the cluster, to a pod with a sidecar");
    const said = textAt(ended, "message").trim().split("\n").at(-1) || `exit code ${ended.exitCode}`;
    return NOT_STARTED.includes(Number(ended.exitCode)) || ended.reason === "StartError"
      ? unknown(`the image of the sidecars cannot ask: ${said}`)
      : never(`a pod with a sidecar gets no answer: ${said}`, look);
  },
});

/** How its own container ended; a sidecar may go on. */
const endOf = (pod: KubeObject): Readonly<Record<string, unknown>> | undefined => {
  const statuses = at(pod, "status", "containerStatuses");
  const own = (Array.isArray(statuses) ? statuses : []).find((status) => at(status, "name") !== "istio-proxy");
  const ended = at(own, "state", "terminated");
  return isRecord(ended) ? ended : undefined;
};

/** Admission keeps it out: pods with sidecars of the older form need NET_ADMIN, and quotas may be small. */
const refused = async (ctx: ReadContext, job: ObjectRef): Promise<Finding | undefined> => {
  const live = await ctx.cluster.get(job);
  const last = (await clusterEventsIn(ctx, job.namespace ?? "")).findLast(
    ({ about, reason, message }) =>
      about === live?.metadata.uid && reason === "FailedCreate" && /forbidden/i.test(message),
  );
  return last && unknown(`no pod may be made for it: ${last.message}`);
};

/** Whether it holds cannot be seen from here; that is no reason to stop. */
export const unknown = (why: string): Finding =>
  warn(`unknown: ${why}`, { text: "Ask the Service from a pod of your own that has a sidecar." });
