import { installFinished } from "../../checks/finished.ts";
import type { HealthCheck } from "../../checks/health-check.ts";
import { Unreachable } from "../../ports/cluster.ts";
import { UserError } from "../../ports/error.ts";
import { describe } from "../../ports/object.ts";
import { outage } from "../../ports/outage.ts";
import type { Tools } from "../tools.ts";
import { contextOf } from "./context.ts";
import { type Cause, diagnose } from "./diagnosis.ts";
import type { Ask } from "./questions.ts";
import { recorded } from "./recording.ts";
import { askWorld } from "./world.ts";

/** Nobody waits longer for the end of a run that has failed. */
const LONGEST_MS = 3_000;

/** A server that needs longer for its first answer is what is away. */
const FIRST_MS = 500;

/** What refuses or holds the writes of a run, whatever they are; anything else may be missing only because the run has not come to it. */
const HOLDS_WRITES =
  /^(cluster\.(apis|admission|terminating)|serving\.webhook(-certificate)?|kourier\.net-istio-webhook)$/;

/** Whether the API server answers at once: it is not what has ended the run. */
export const answers = async (error: unknown, tools: Tools): Promise<boolean> => {
  if (isAway(error)) return false;
  const first = within(FIRST_MS, askWorld(tools))("get", { apiVersion: "v1", kind: "Namespace", name: "default" });
  return (await first.catch(() => undefined)) !== undefined;
};

/**
 * The cause of what has ended a run, where the error does not say it itself. One quick look, at what can be read within three seconds.
 * Undefined: there is none.
 */
export const behind = async (
  error: unknown,
  checks: readonly HealthCheck[],
  tools: Tools,
): Promise<Cause | undefined> => {
  if (!(error instanceof UserError)) return undefined;
  const { cluster, resolver, now, signal } = tools;
  const { ask } = recorded(within(LONGEST_MS, askWorld(tools)));
  const ctx = contextOf(ask, { identity: cluster.identity, resolver: resolver.server, now: now(), signal });
  const { causes } = await diagnose(checks, ctx);
  const met = checks.find(({ id, also }) => id === error.id || also?.includes(error.id as never));
  return causes.find(
    (cause) => cause.check !== installFinished && isFailed(cause) && !saysTheSame(cause, error) && explains(cause, met),
  );
};

const isFailed = ({ finding }: Cause): boolean => finding.status === "fail";

const explains = ({ check, explains }: Cause, met: HealthCheck | undefined): boolean =>
  met ? explains.some((one) => one.check === met) : HOLDS_WRITES.test(check.id);

/** The error names the check, its finding, every object that this is about, or the command that helps. */
const saysTheSame = ({ check, finding }: Cause, { id, message, why = "", remedy }: UserError): boolean => {
  const own = "remedy" in finding ? finding.remedy.command : undefined;
  const said = `${message} ${why}`;
  const objects = (finding.evidence ?? []).flatMap(({ object }) => object ?? []);
  const isNamed = objects.length > 0 && objects.every((object) => said.includes(describe(object)));
  return (
    id === check.id ||
    said.includes(finding.summary) ||
    isNamed ||
    (own !== undefined && remedy.command?.includes(own) === true)
  );
};

const isAway = (error: unknown): boolean => {
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if (outage(one) !== undefined || one instanceof Unreachable) return true;
  return false;
};

/** What has not been answered by then is not known. */
const within = (milliseconds: number, ask: Ask): Ask => {
  const until = AbortSignal.timeout(milliseconds);
  const late = new Promise<never>((_, reject) => {
    until.addEventListener("abort", () => reject(new Unreachable("the cluster", "there was no time to look")));
  });
  late.catch(() => {});
  return ((asked, of, signal) =>
    Promise.race([late, ask(asked, of, signal ? AbortSignal.any([signal, until]) : until)])) as Ask;
};
