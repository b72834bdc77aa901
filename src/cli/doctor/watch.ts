import { setTimeout as sleep } from "node:timers/promises";
import type { HealthCheck } from "../../checks/health-check.ts";
import type { CommandContext } from "../context.ts";
import type { Format } from "./formats/format.ts";
import { type ExitCode, lookAt } from "./look.ts";

const PAUSE_MS = 5_000;

/** Looks again and again until nothing is wrong, and tells what has changed. Ends by a signal, or with exit code 0. */
export const watch = async (ctx: CommandContext, checks: readonly HealthCheck[], format: Format): Promise<ExitCode> => {
  let before = "";
  for (;;) {
    const { told, exitCode } = await lookAt(ctx, checks);
    const { causes, unseen } = told.diagnosis;
    const now = JSON.stringify([...causes, ...unseen].map(({ check, finding }) => [check.id, finding.summary]));
    if (now !== before) ctx.stdout(format(told));
    if (exitCode === 0) return 0;
    before = now;
    await sleep(PAUSE_MS, undefined, { signal: ctx.signal });
  }
};
