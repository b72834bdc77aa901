import type { CommandContext } from "../context.ts";
import { explanation, listText } from "../doctor/catalogue.ts";
import { checkCalled, chosenChecks, doctorChecks } from "../doctor/choice.ts";
import { installCronJob, removeCronJob } from "../doctor/cronjob.ts";
import { writeRecording } from "../doctor/file.ts";
import { assertDoctorFlags } from "../doctor/flags.ts";
import { contextsOf, visitAll } from "../doctor/fleet.ts";
import { FORMATS } from "../doctor/formats/index.ts";
import { lookAt } from "../doctor/look.ts";
import { metricsText, writeMetrics } from "../doctor/metrics.ts";
import { watch } from "../doctor/watch.ts";

export const run = async (ctx: CommandContext): Promise<number> => {
  const { flags, look, config } = ctx;
  assertDoctorFlags(flags);
  if (flags.explain !== undefined) {
    ctx.stdout(explanation(checkCalled(doctorChecks, flags.explain), doctorChecks, look));
    return 0;
  }
  const checks = chosenChecks(doctorChecks, flags);
  if (flags.listChecks) {
    ctx.stdout(listText(checks, look));
    return 0;
  }
  if (flags.installCronjob) return installCronJob(ctx, checks);
  if (flags.removeCronjob) return removeCronJob(ctx);
  const format = await FORMATS[flags.format ?? (config.output === "json" ? "json" : "text")]();
  const contexts = await contextsOf(ctx);
  if (contexts) return visitAll(ctx, checks, contexts, format);
  if (flags.watch) return watch(ctx, checks, format);
  if (flags.fix) return (await import("../doctor/fix.ts")).fix(ctx, checks, format);
  const { told, recording, exitCode } = await lookAt(ctx, checks);
  // First: it is to be seen where a file cannot be written, too.
  ctx.stdout(format(told));
  if (flags.save !== undefined) {
    await writeRecording(flags.save, recording, ctx.mask);
    ctx.emit({ type: "note", level: "info", text: `What was read is kept in ${flags.save}, without secrets.` });
  }
  if (flags.metricsFile !== undefined) await writeMetrics(flags.metricsFile, metricsText(told));
  return exitCode;
};
