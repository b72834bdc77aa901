import { type Finding, fail, type Memory, type ReadContext } from "../../core/check.ts";
import { ApiError } from "../../ports/cluster.ts";
import type { Remedy } from "../../ports/error.ts";
import { at, conditionOf, describe, type KubeObject, numberAt, textAt } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { clusterEventsIn } from "../events.ts";
import { countedSince } from "../pods.ts";
import { judgeRefusal } from "../refused.ts";
import { revisionProblem } from "./revision.ts";

/**
 * Why a Knative Service is not ready. Its own `Ready` says no more than that it has no Revision; the cause stands with what it is made
 * of: Configuration → Revision → Deployment → ReplicaSet → pods and events, and Route for what comes after that.
 */

const API = "serving.knative.dev/v1";

/** Knative calls it ready, and means what is asked of it now. A Service without pods is as ready as one with them. */
export const isReady = (object: KubeObject | undefined): boolean =>
  conditionOf(object, "Ready")?.status === "True" &&
  (numberAt(object, "status", "observedGeneration") ?? 0) >= (object?.metadata.generation ?? 0);

export const whyNotReady = async (ctx: ReadContext, service: KubeObject, memory: Memory): Promise<Finding> => {
  const { namespace = "", name } = service.metadata;
  const subject = `Knative Service ${namespace}/${name}`;
  const read = (kind: string, called: string) => ctx.cluster.get({ apiVersion: API, kind, namespace, name: called });
  try {
    const [configuration, route] = await Promise.all([read("Configuration", name), read("Route", name)]);
    const latest = at(configuration, "status", "latestCreatedRevisionName");
    const revision = typeof latest === "string" ? await read("Revision", latest) : undefined;
    const cause = isReady(configuration)
      ? undefined
      : revision
        ? await revisionProblem(ctx, subject, revision, memory)
        : configuration && (await unrevised(ctx, subject, configuration, memory));
    return cause ?? inItsWords(subject, [revision, configuration, route, service]);
  } catch (error) {
    // Who may read Services only is told what they say.
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    return inItsWords(subject, [service]);
  }
};

const REFUSED = /^Revision creation failed with message: /;

/** Why there may be no Revision at all. */
const unrevised = async (
  ctx: ReadContext,
  subject: string,
  configuration: KubeObject,
  memory: Memory,
): Promise<Finding | undefined> => {
  const { uid = "", name, namespace = "" } = configuration.metadata;
  const ready = conditionOf(configuration, "Ready");
  const told = textAt(ready, "message");
  const tries = (await clusterEventsIn(ctx, namespace)).filter((one) => one.about === uid && one.isWarning);
  const isNew =
    countedSince(
      memory,
      uid,
      tries.reduce((sum, { count }) => sum + count, 0),
    ) > 0;
  if (ready?.status !== "False" || !REFUSED.test(told)) return undefined;
  const message = told.replace(REFUSED, "");
  const command = sh`kubectl describe configuration ${name} ${inNamespace(namespace)}`;
  return judgeRefusal(ctx, { subject, what: "a Revision", message, isNew, namespace, command });
};

/** What the deepest of them says: that it is not so, else that it is not known yet. The last is the Service itself, behind the others. */
const inItsWords = (subject: string, objects: readonly (KubeObject | undefined)[]): Finding => {
  const said = objects.flatMap((object) => {
    const { status, reason, message } = conditionOf(object, "Ready") ?? {};
    const text = [reason, message].filter((part) => part).join(": ");
    return object && text !== "" && status !== "True" ? [{ object, status, text }] : [];
  });
  const isPart = ({ object }: (typeof said)[number]): boolean => object.kind !== "Service";
  const { object, text } = said.find((one) => isPart(one) && one.status === "False") ?? said[0] ?? {};
  const { namespace, name } = objects.at(-1)?.metadata ?? {};
  const notReady = (why: string, remedy: Remedy): Finding => {
    const reason = `is not ready yet: ${why}`;
    return fail(`${subject} ${reason}`, remedy, { facts: { reason } });
  };
  if (!object || !text)
    return notReady("Knative has not looked at it", {
      text: "Look at Knative's controller.",
      command: sh`kubectl logs deployment/controller -n knative-serving --tail=20`,
    });
  const where = object.kind === "Service" ? "" : `${describe(object)}: `;
  const remedy: Remedy = text.startsWith("IngressNotConfigured")
    ? {
        text: "Look at whose ingress class it has, and at that controller.",
        command: sh`kubectl get kingress ${name ?? ""} ${inNamespace(namespace)} -o yaml`,
      }
    : {
        text: "See why Knative does not call it ready.",
        command: sh`kubectl get ksvc,route,configuration,revision ${inNamespace(namespace)} -o wide`,
      };
  return notReady(`${where}${text}`, remedy);
};
