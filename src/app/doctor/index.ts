import { isOfCanary } from "../../checks/canary/index.ts";
import type { HealthCheck, HealthContext } from "../../checks/health-check.ts";
import type { Tools } from "../tools.ts";
import { askWithCanary, type CanaryAsked } from "./canary.ts";
import { canaryContext, contextOf, type Surroundings } from "./context.ts";
import { type Diagnosis, diagnose } from "./diagnosis.ts";
import type { Ask } from "./questions.ts";
import { askRecording, type Recording, recorded } from "./recording.ts";

/** What was found, of which cluster and when, and all that it was found by. */
export interface Examination {
  readonly diagnosis: Diagnosis;
  readonly recording: Omit<Recording, "type" | "v">;
  /** Those that can be made again of the same answers. */
  readonly checks: readonly HealthCheck[];
  /** Answers again what was asked. */
  readonly ask: Ask;
  /** What checks read with, of other answers. */
  readonly contextFor: (ask: Ask) => HealthContext;
}

/** Looks at a cluster and what is around it, once. Reads only, unless a `canary` is asked for: that is made, asked, and taken away. */
export const examine = async (
  tools: Tools,
  checks: readonly HealthCheck[],
  at: Date = tools.now(),
  canary?: CanaryAsked,
): Promise<Examination> => {
  const { cluster, resolver, signal } = tools;
  const asking = askWithCanary(tools);
  const { ask, answers } = recorded(asking.ask);
  const { identity } = cluster;
  const tries = canary !== undefined;
  const surroundings = { identity, resolver: resolver.server, now: at, readAt: tools.now(), signal, tries };
  const first = await diagnose(withoutCanary(checks), contextOf(ask, surroundings));
  const diagnosis = canary ? await asking.walk(canary, first, () => walked(ask, surroundings, checks, first)) : first;
  const recording = { at: at.toISOString(), ...identity, resolver: resolver.server, answers: [...(await answers())] };
  return {
    diagnosis,
    recording,
    checks: withoutCanary(checks),
    ask,
    contextFor: (asking) => contextOf(asking, surroundings),
  };
};

/** Looks at what an earlier look has read, as of then or of `at`. */
export const examineRecording = async (
  recording: Recording,
  checks: readonly HealthCheck[],
  signal: AbortSignal,
  at: Date = new Date(recording.at),
): Promise<Examination> => {
  const { context, server, resolver } = recording;
  const { ask } = recorded(askRecording(recording));
  const tries = recording.answers.some(({ asked }) => asked === "canary");
  const readAt = new Date(recording.at);
  const surroundings = { identity: { context, server }, resolver, now: at, readAt, signal, tries };
  const first = await diagnose(withoutCanary(checks), contextOf(ask, surroundings));
  return {
    diagnosis: await walked(ask, surroundings, checks, first),
    recording,
    checks: withoutCanary(checks),
    ask,
    contextFor: (asking) => contextOf(asking, surroundings),
  };
};

const withoutCanary = (checks: readonly HealthCheck[]): readonly HealthCheck[] =>
  checks.filter((check) => !isOfCanary(check));

/** With what the canary tells, where there is one. */
const walked = async (
  ask: Ask,
  surroundings: Surroundings,
  checks: readonly HealthCheck[],
  first: Diagnosis,
): Promise<Diagnosis> => {
  const hops = checks.filter(isOfCanary);
  const ctx = hops.length > 0 ? await canaryContext(ask, surroundings) : undefined;
  return ctx ? diagnose(hops, ctx, first.all) : first;
};
