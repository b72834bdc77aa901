import type { HealthCheck } from "../../checks/health-check.ts";
import type { Tools } from "../tools.ts";
import { contextOf } from "./context.ts";
import { type Diagnosis, diagnose } from "./diagnosis.ts";
import { askRecording, type Recording, recorded } from "./recording.ts";
import { askWorld } from "./world.ts";

/** What was found, of which cluster and when, and all that it was found by. */
export interface Examination {
  readonly diagnosis: Diagnosis;
  readonly recording: Omit<Recording, "type" | "v">;
}

/** Looks at a cluster and what is around it, once. Reads only. */
export const examine = async (
  { cluster, resolver, probe, now, signal }: Pick<Tools, "cluster" | "resolver" | "probe" | "now" | "signal">,
  checks: readonly HealthCheck[],
  at: Date = now(),
): Promise<Examination> => {
  const { ask, answers } = recorded(askWorld({ cluster, resolver, probe, now, signal }));
  const { identity } = cluster;
  const ctx = contextOf(ask, { identity, resolver: resolver.server, now: at, signal });
  const diagnosis = await diagnose(checks, ctx);
  const recording = { at: at.toISOString(), ...identity, resolver: resolver.server, answers: [...(await answers())] };
  return { diagnosis, recording };
};

/** Looks at what an earlier look has read, as of then or of `at`. */
export const examineRecording = async (
  recording: Recording,
  checks: readonly HealthCheck[],
  signal: AbortSignal,
  at: Date = new Date(recording.at),
): Promise<Examination> => {
  const { context, server, resolver } = recording;
  const ctx = contextOf(askRecording(recording), { identity: { context, server }, resolver, now: at, signal });
  return { diagnosis: await diagnose(checks, ctx), recording };
};
