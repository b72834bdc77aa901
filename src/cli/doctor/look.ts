import type { CanaryAsked } from "../../app/doctor/canary.ts";
import { type Diagnosis, rank, verdict } from "../../app/doctor/diagnosis.ts";
import { type Examination, examine, examineRecording } from "../../app/doctor/index.ts";
import { publish } from "../../app/doctor/publishing.ts";
import type { Tools } from "../../app/tools.ts";
import type { HealthCheck } from "../../checks/health-check.ts";
import type { CommandFlags } from "../../config/options.ts";
import { visibleData } from "../../ports/visible.ts";
import { redact } from "../../secrets/redact.ts";
import type { CommandContext } from "../context.ts";
import type { Where } from "../outside.ts";
import { couldNotCheck } from "../renewing.ts";
import { openLook } from "../session.ts";
import { readRecording } from "./file.ts";
import type { Told } from "./formats/index.ts";
import { metricsText } from "./metrics.ts";

/** One look, as it is told; and all that was read for it. */
export interface Examined extends Pick<Examination, "recording"> {
  readonly told: Told;
  readonly exitCode: ExitCode;
}

/** 0 nothing is wrong, 1 something is, 3 something could not be looked at and nothing else is wrong. */
export type ExitCode = 0 | 1 | 3;

/** Looks at a cluster, or at what --from names. Throws UserError (unseen) where there is no cluster to look at. */
export const lookAt = async (ctx: CommandContext, checks: readonly HealthCheck[], where?: Where): Promise<Examined> => {
  const started = performance.now();
  const after = ctx.flags.publish ? publishing(ctx, started) : undefined;
  return examined(ctx, await examination(ctx, checks, where, after), started, where);
};

/** @param started when the look began, by `performance.now` */
export const examined = (
  ctx: CommandContext,
  { diagnosis, recording }: Pick<Examination, "diagnosis" | "recording">,
  started: number,
  where: Where = ctx.config,
): Examined => {
  const { context, server, at } = recording;
  // From a recording the same findings are the same text, however long it took.
  const time = ctx.flags.from === undefined ? { seconds: (performance.now() - started) / 1000 } : {};
  const shown = {
    diagnosis: printable(diagnosis, (finding) => ctx.called(finding, where)),
    context,
    server,
    at,
    verbose: ctx.config.verbose,
    look: ctx.look,
    called: <T>(data: T): T => ctx.called(data, where),
  };
  return { told: { ...shown, ...time }, recording, exitCode: exitCodeOf(ctx, diagnosis) };
};

/** Puts what was found where monitoring finds it. */
const publishing =
  (ctx: CommandContext, started: number) =>
  async (found: Examination, tools: Tools): Promise<void> => {
    const { short } = await import("./formats/short.ts");
    const { told } = examined(ctx, found, started);
    const data = { at: told.at, summary: ctx.mask(short(told)), "metrics.prom": metricsText(told) };
    await publish(told.diagnosis, data, told.at, tools, ctx.mask);
  };

/** `after`: while the cluster is still open. Of --from alone, where it is given: no cluster is asked. */
export const examination = async (
  ctx: CommandContext,
  checks: readonly HealthCheck[],
  where: Where = ctx.config,
  after?: (found: Examination, tools: Tools) => Promise<void>,
): Promise<Examination> => {
  const { from, at } = ctx.flags;
  const moment = at === undefined ? undefined : new Date(at);
  if (from !== undefined) return examineRecording(await readRecording(from), checks, ctx.signal, moment);
  try {
    const session = await openLook(ctx, where);
    try {
      const found = await examine(session.tools, checks, moment, canaryIn(ctx.flags));
      await after?.(found, session.tools);
      return found;
    } finally {
      session.close();
    }
  } catch (error) {
    throw couldNotCheck(error);
  }
};

const canaryIn = ({ probe, probeNamespace, probeImage }: CommandFlags): CanaryAsked | undefined =>
  probe
    ? {
        ...(probeNamespace ? { namespace: probeNamespace } : {}),
        ...(probeImage ? { image: probeImage } : {}),
      }
    : undefined;

/** For every form: without secrets, commands as they are called here, and without what a terminal would not show. */
const printable = ({ all }: Diagnosis, called: CommandContext["called"]): Diagnosis =>
  rank(all.map((one) => ({ ...one, finding: visibleData(called(redact(one.finding))) })));

const exitCodeOf = ({ flags: { failOn } }: CommandContext, diagnosis: Diagnosis): ExitCode => {
  const isStrict = failOn === "warn" && diagnosis.causes.length > 0;
  switch (verdict(diagnosis)) {
    case "fail":
      return 1;
    case "unknown":
      return isStrict ? 1 : 3;
    case "warn":
      return isStrict ? 1 : 0;
    case "ok":
      return 0;
  }
};
