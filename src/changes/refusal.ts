import type { ChangeBase } from "../core/change.ts";
import { denialOf } from "../kube/denial.ts";
import { type WebhookFailure, webhookFailure, withConfiguration } from "../kube/webhook-failure.ts";
import { ApiError, type ClusterRead } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { outage, type Waiting } from "../ports/outage.ts";
import { readerOf } from "../ports/reader.ts";
import { ZoneMoved } from "../ports/zones.ts";
import { kindOf, subjectOf } from "./index.ts";

const AGAIN = "What is done is kept: mend the cause and run the same command again.";

/** What a refused write means: `wait` may pass (a webhook that does not answer yet), anything else is final. */
export const refusal = (error: unknown, change: ChangeBase): Waiting | { final: Error } => {
  const passing = outage(error);
  if (passing) return passing;
  if (error instanceof ZoneMoved) return { final: moved(error, change) };
  if (!(error instanceof ApiError)) return { final: error instanceof Error ? error : new Error(String(error)) };
  const subject = `${kindOf(change).article}${subjectOf(change)}`;
  const failure = error.status >= 500 ? webhookFailure(error.message) : undefined;
  if (failure) return { wait: failure.reason, remedy: failure.remedy };
  if (error.status === 404 && error.reason === "")
    return { wait: `the server does not serve ${subject} yet`, remedy: { text: AGAIN } };
  const isGoing =
    (error.status === 403 && /being terminated/.test(error.message)) ||
    (error.status === 409 &&
      error.conflicts.length === 0 &&
      /terminating|being deleted|object is being/.test(error.message));
  if (isGoing) {
    const namespace = terminatingIn(error.message);
    const wait = namespace ? `Namespace ${namespace} is terminating, nothing new can be made in it` : error.message;
    // A webhook that went with its namespace still guards what is left in it: then neither can go.
    const guard = webhookFailure(error.message);
    return { wait, remedy: guard?.absent ? guard.remedy : { text: HELD } };
  }
  if (error.conflicts.length > 0) {
    return {
      final: new UserError({
        id: "apply.conflict",
        what: `${subject} has fields that somebody else owns.`,
        why: error.conflicts.map(({ field, owner }) => `${field} is owned by ${owner}`).join("; "),
        remedy: { text: "Run again to see them in the plan; --take-ownership takes them." },
        kind: "failed",
        cause: error,
      }),
    };
  }
  const denial = denialOf(error.message, kindOf(change).ref(change)?.namespace);
  return {
    final: new UserError({
      id: "apply.refused",
      what: `The server refused ${change.action} of ${subject}.`,
      why: denial?.message ?? `${error.status} ${error.reason}: ${error.message}`,
      remedy: denial
        ? { ...denial.remedy, text: `${denial.remedy.text} What is done is kept: run the same command again then.` }
        : { text: error.status === 403 ? RIGHT : AGAIN },
      kind: "failed",
      cause: error,
    }),
  };
};

/** The namespace that is going away and lets nothing new in; undefined when the message is about something else. */
export const terminatingIn = (message: string): string | undefined =>
  /in namespace (\S+) because it is being terminated/.exec(message)?.[1];

const moved = (error: ZoneMoved, change: ChangeBase): UserError =>
  new UserError({
    id: "apply.zone-moved",
    what: `The ${subjectOf(change)} changed after the plan was shown.`,
    why: `${error.message}. Nothing of this batch was written.`,
    remedy: { text: "Look at who writes them, then run again: the new plan shows them as they are." },
    kind: "failed",
    cause: error,
  });

/** As {@link refusal}; of a webhook whose Service is gone, whose name is all that the message tells, it names the configuration. */
export const refusalsIn = (
  cluster: ClusterRead,
): ((error: unknown, change: ChangeBase) => Promise<ReturnType<typeof refusal>>) => {
  const known = new Map<string, Promise<WebhookFailure>>();
  return async (error, change) => {
    const meaning = refusal(error, change);
    const failure = error instanceof ApiError ? webhookFailure(error.message) : undefined;
    if ("final" in meaning || !failure?.absent) return meaning;
    const look = known.get(failure.webhook) ?? withConfiguration(failure, readerOf(cluster));
    known.set(failure.webhook, look);
    const { reason, remedy } = await look;
    return { wait: meaning.wait.replace(failure.reason, reason), remedy };
  };
};

const HELD = "Who put the finalizers there has to take them away.";
const RIGHT = "Ask an administrator for the missing right, then run again; what is done is kept.";
