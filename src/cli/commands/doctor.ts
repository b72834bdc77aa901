import { type Diagnosis, rank, verdict } from "../../app/doctor/diagnosis.ts";
import { type Examination, examine, examineRecording } from "../../app/doctor/index.ts";
import type { HealthCheck } from "../../checks/health-check.ts";
import type { CommandFlags } from "../../config/options.ts";
import { visibleData } from "../../ports/visible.ts";
import { redact } from "../../secrets/redact.ts";
import { CHECKS } from "../../steps/index.ts";
import type { CommandContext } from "../context.ts";
import { explanation, listText } from "../doctor/catalogue.ts";
import { checkCalled, chosenChecks } from "../doctor/choice.ts";
import { readRecording, writeRecording } from "../doctor/file.ts";
import { FORMATS } from "../doctor/formats/index.ts";
import { couldNotCheck } from "../renewing.ts";
import { openSession } from "../session.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const { flags, look, config } = ctx;
  const all: readonly HealthCheck[] = CHECKS.filter((check) => !check.isForecast);
  if (flags.explain !== undefined) {
    ctx.stdout(explanation(checkCalled(all, flags.explain), all, look));
    return 0;
  }
  const checks = chosenChecks(all, flags);
  if (flags.listChecks) {
    ctx.stdout(listText(checks, look));
    return 0;
  }
  const started = performance.now();
  const { diagnosis, recording } = await examination(ctx, checks);
  if (flags.save !== undefined) {
    await writeRecording(flags.save, recording, ctx.mask);
    ctx.emit({ type: "note", level: "info", text: `What was read is kept in ${flags.save}, without secrets.` });
  }
  const format = await FORMATS[flags.format ?? config.output]();
  const { context, server, at } = recording;
  const shown = printable(diagnosis);
  // From a recording the same findings are the same text, however long it took.
  const seconds = flags.from === undefined ? (performance.now() - started) / 1000 : undefined;
  const told = { diagnosis: shown, context, server, at, verbose: config.verbose, look };
  ctx.stdout(format({ ...told, ...(seconds === undefined ? {} : { seconds }) }));
  return exitCodeOf(diagnosis, flags.failOn);
};

const examination = async (ctx: CommandContext, checks: readonly HealthCheck[]): Promise<Examination> => {
  const { from, at } = ctx.flags;
  const moment = at === undefined ? undefined : new Date(at);
  if (from !== undefined) return examineRecording(await readRecording(from), checks, ctx.signal, moment);
  try {
    const session = await openSession(ctx);
    try {
      return await examine(session.tools, checks, moment);
    } finally {
      session.close();
    }
  } catch (error) {
    throw couldNotCheck(error);
  }
};

/** For every form: without secrets, and without what a terminal would not show. */
const printable = ({ all }: Diagnosis): Diagnosis =>
  rank(all.map((one) => ({ ...one, finding: visibleData(redact(one.finding)) })));

const exitCodeOf = (diagnosis: Diagnosis, failOn: CommandFlags["failOn"]): number => {
  switch (verdict(diagnosis)) {
    case "fail":
      return 1;
    case "warn":
      return failOn === "warn" ? 1 : 0;
    case "unknown":
      return failOn === "warn" && diagnosis.causes.length > 0 ? 1 : 3;
    case "ok":
      return 0;
  }
};
