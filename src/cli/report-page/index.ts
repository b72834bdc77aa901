import { setTimeout as sleep } from "node:timers/promises";
import packageJson from "../../../package.json" with { type: "json" };
import { readStatus } from "../../app/status.ts";
import type { Config } from "../../config/config.ts";
import { type CommandName, optionsOf } from "../../config/options.ts";
import type { ReadContext } from "../../core/check.ts";
import { takeSnapshot, throughSnapshot } from "../../kube/snapshot.ts";
import { sh } from "../../ports/shell.ts";
import { visibleData } from "../../ports/visible.ts";
import { type Mask, maskedIn } from "../reporter/masked.ts";
import type { Reporter } from "../reporter/reporter.ts";
import { openReportFile } from "./file.ts";
import { reportPage } from "./page.ts";
import { type Asked, createRecorder } from "./recording.ts";

/** Writes down one run as a page. */
export interface ReportPage {
  /** The page's own reporter, which is told everything. */
  readonly reporter: Reporter;
  /** Takes what somebody chose after the start, in place of what the options said. */
  readonly chose: (config: Config) => void;
  /** Reads the status after the run. If that fails, the page goes without it. */
  readonly witness: (ctx: ReadContext) => Promise<void>;
  /** Writes the file; resolves to its path as the option has it. Throws UserError (exit code 1). */
  readonly write: () => Promise<string>;
}

/** Reading the status is given up after this time. */
const LOOK_MS = 5_000;

/** Undefined: nobody asked for one. Throws UserError (exit code 2) when the file cannot be written. */
export const openReportPage = async (
  config: Config,
  command: CommandName,
  argv: readonly string[],
  mask: Mask,
  now: () => number = Date.now,
): Promise<ReportPage | undefined> => {
  if (config.report === undefined || !optionsOf(command).some(({ key }) => key === "report")) return undefined;
  const file = await openReportFile(config.report, `${process.pid}-${now()}`);
  const recorder = createRecorder(askedOf(config, command, argv), now);
  return {
    reporter: recorder,
    chose: (chosen) => recorder.ask(askedOf(chosen, command, argv)),
    witness: async (ctx) => {
      const late = sleep(LOOK_MS, undefined, { ref: false });
      const cluster = throughSnapshot(ctx.cluster, takeSnapshot(ctx.cluster));
      const status = await Promise.race([readStatus({ ...ctx, cluster }).catch(() => undefined), late]);
      if (status) recorder.see(visibleData(status));
    },
    // It is masked again, because more secrets are known at the end.
    write: async () => {
      await file.write(reportPage(maskedIn(recorder.recording(), mask)));
      return file.path;
    },
  };
};

/** Commands whose options say what the installation is. */
const CHOOSING: readonly CommandName[] = ["install", "rehearse"];

const askedOf = ({ dns, tls, ingress, domain }: Config, command: CommandName, argv: readonly string[]): Asked => ({
  commandLine: sh`kn-bootstrap ${argv}`,
  command,
  version: packageJson.version,
  ...(CHOOSING.includes(command) ? { dns, tls, ingress, ...(domain ? { domain } : {}) } : {}),
});
