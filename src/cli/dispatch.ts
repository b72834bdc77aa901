import packageJson from "../../package.json" with { type: "json" };
import type { Written } from "../config/complete.ts";
import type { Config } from "../config/config.ts";
import { gather, presumed, settled } from "../config/load.ts";
import type { CommandName } from "../config/options.ts";
import type { Event } from "../core/event.ts";
import { Interrupted, UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import { visible } from "../ports/visible.ts";
import { createVault, type Vault } from "../secrets/vault.ts";
import type { Invocation } from "./args.ts";
import { calledHere, calledIn, howCalled } from "./called.ts";
import { confirm } from "./confirm.ts";
import type { CommandContext, Host } from "./context.ts";
import { type Behind, BUG, type Problem, problemOf, reportTo } from "./fatal.ts";
import type { ReportPage } from "./report-page/index.ts";
import { brief } from "./reporter/brief.ts";
import { createRecording, writeBugReport } from "./reporter/bug-report.ts";
import { masked } from "./reporter/masked.ts";
import { type Output, openOutput, type Settings } from "./reporter/output.ts";
import { both, legibly, type Reporter } from "./reporter/reporter.ts";

/** One call of the program. */
interface Run {
  readonly host: Host;
  readonly settings: Settings;
  readonly output: Output;
  readonly reporter: Reporter;
  readonly page?: ReportPage | undefined;
  /** The secrets that are known so far. */
  readonly vault: Vault;
  /** What was said so far. */
  readonly events: () => readonly Event[];
}

const runOf = (
  host: Host,
  settings: Settings & Partial<Pick<Config, "kubeconfig" | "context">>,
  output: Output,
  vault: Vault,
  page?: ReportPage,
): Run => {
  const { add, events } = createRecording();
  const shown = page ? both(page.reporter, output.reporter) : output.reporter;
  const emit: Reporter["emit"] = (event) => {
    add(event);
    shown.emit(event);
  };
  // What is known to be secret goes before anything in it is written in another way.
  const reporter = brief(
    calledHere(masked(legibly({ ...shown, emit }), vault.mask), howCalled(host.env, settings, host.argv)),
  );
  return { host, settings, output, page, vault, events, reporter };
};

/** With what the environment says, and the passwords in addresses that were given. */
const openVault = ({ argv, env }: Host, config: Partial<Config> = {}): Vault => {
  const vault = createVault();
  vault.learn(JSON.stringify(env), JSON.stringify({ given: [...argv, ...Object.values(config)] }));
  return vault;
};

/** Completes the options, runs the command, and says what went wrong. Resolves to the exit code. */
export const dispatch = async (
  host: Host,
  { command, written, flags }: Invocation & { readonly kind: "command" },
): Promise<number> => {
  let said: Written;
  let config: Config;
  try {
    const terminal = host.stdout.isTTY === true && host.stderr.isTTY === true;
    said = await gather({ flags: { ...command.implied, ...written }, env: host.env });
    const finish = command.remembers && !flags.resetChoices ? presumed : settled;
    config = finish(said, { env: host.env, terminal });
    if (config.output === "yaml" && !command.inYaml) throw notInYaml(command.name);
  } catch (error) {
    return await refuse(host, error);
  }
  const output = await openOutput(host, config);
  const vault = openVault(host, config);
  let run = runOf(host, config, output, vault);
  let exitCode: number;
  try {
    run = runOf(host, config, output, vault, await pageFor(host, config, command.name, vault));
    exitCode = await command.run(contextFor(run, config, said, flags));
  } catch (error) {
    exitCode = explain(run, error);
  } finally {
    output.close();
  }
  return run.page ? writePage(run, run.page, exitCode) : exitCode;
};

const notInYaml = (name: CommandName): UserError =>
  new UserError({
    id: "cli.yaml",
    what: `${name} has no result in YAML.`,
    remedy: {
      text: "What install would apply is printed as YAML by render; its events are read as JSON:",
      command: sh`kn-bootstrap ${name === "install" ? "render" : name} ${name === "install" ? [] : ["-o", "json"]}`,
    },
    kind: "input",
  });

/** Not loaded unless it is asked for. */
const pageFor = async (
  host: Host,
  config: Config,
  name: CommandName,
  { mask }: Vault,
): Promise<ReportPage | undefined> =>
  config.report === undefined
    ? undefined
    : (await import("./report-page/index.ts")).openReportPage(config, name, host.argv, mask);

/** However the run ended. A page that cannot be written is bad news of its own, and never hides how the run ended. */
const writePage = async ({ page: _written, ...run }: Run, page: ReportPage, exitCode: number): Promise<number> => {
  try {
    const path = await page.write();
    run.reporter.emit({ type: "note", level: "info", text: `The report of this run is in ${path}.` });
    return exitCode;
  } catch (error) {
    const own = explain(run, error);
    return exitCode || own;
  }
};

/** For an error in the options themselves: how they want it to be shown can only be guessed. */
export const refuse = async (host: Host, error: unknown): Promise<number> => {
  const { argv, env } = host;
  const json = /(^| )(-o|--output)[ =]?json( |$)/.test(argv.join(" ")) || env.KN_BOOTSTRAP_OUTPUT === "json";
  const verbose = argv.includes("-v") || argv.includes("--verbose");
  const settings: Settings = { output: json ? "json" : "text", quiet: false, verbose, color: false };
  return explain(runOf(host, settings, await openOutput(host, settings), openVault(host)), error);
};

const explain = (run: Run, error: unknown): number => {
  const { host } = run;
  // What an abort looks like depends on what was under way; the reason is what counts.
  return tell(run, host.signal.aborted && !(error instanceof UserError) ? host.signal.reason : error, {});
};

const tell = (
  run: Run,
  error: unknown,
  { changing = false, isGone }: { readonly changing?: boolean; readonly isGone?: true },
  behind?: Behind,
): number => {
  const known = problemOf(error, { changing, ...(isGone ? { isGone } : {}), verbose: run.settings.verbose });
  const problem = behind ? { ...known, behind } : known;
  run.reporter.problem(problem.id === BUG ? withReport(problem, run, error) : problem);
  return problem.exitCode;
};

/** Nobody can act on a bug of ours but by telling us: what we need for that is kept in a file. */
const withReport = (problem: Problem, { host, events, vault }: Run, error: unknown): Problem => {
  const bug = {
    error,
    argv: host.argv,
    version: packageJson.version,
    events: events(),
    now: new Date(),
    mask: vault.mask,
  };
  const path = writeBugReport(bug, host.env);
  return path === undefined ? problem : { ...problem, remedy: reportTo(path) };
};

const contextFor = (run: Run, config: Config, written: Written, flags: CommandContext["flags"]): CommandContext => {
  const { host, reporter, page, vault } = run;
  const { stdout, stderr, look, aside } = run.output;
  const { mask, learn } = vault;
  return {
    config,
    written,
    flags,
    emit: reporter.emit,
    finish: (report, next, behind) => {
      reporter.report(report, next);
      return report.outcome === "done"
        ? 0
        : tell(run, report.error ?? new Interrupted("SIGINT"), { ...report, changing: true }, behind);
    },
    ...(page ? { page } : {}),
    called: (data, where = config) => calledIn(data, howCalled(host.env, where)),
    stdout: (text) => stdout(mask(text)),
    stderr: (text) => stderr(mask(text)),
    isRead: async () => {
      await host.written?.();
      return !host.isUnread?.();
    },
    mask,
    confirm: async (question) => config.yes || (await aside(() => confirm(visible(mask(question)), host))),
    ...(host.stdin.isTTY && host.stdout.isTTY && host.stderr.isTTY
      ? { terminal: { stdin: host.stdin, stderr: host.stderr, aside } }
      : {}),
    stdinIsTTY: host.stdin.isTTY === true,
    stdoutIsTTY: host.stdout.isTTY === true,
    look,
    env: host.env,
    learn,
    signal: host.signal,
    adapters: host.adapters,
  };
};
