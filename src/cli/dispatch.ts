import type { Config } from "../config/config.ts";
import { load } from "../config/load.ts";
import { Interrupted, UserError } from "../ports/error.ts";
import type { Invocation } from "./args.ts";
import { confirm } from "./confirm.ts";
import type { CommandContext, Host } from "./context.ts";
import { problemOf } from "./fatal.ts";
import { jsonReporter } from "./reporter/json.ts";
import { columnsOf, isUnicode, type Look } from "./reporter/look.ts";
import { plainReporter } from "./reporter/plain.ts";
import { both, type Reporter } from "./reporter/reporter.ts";

/** Completes the options, runs the command, and says what went wrong. Resolves to the exit code. */
export const dispatch = async (
  host: Host,
  { command, written, flags }: Invocation & { readonly kind: "command" },
): Promise<number> => {
  let config: Config;
  try {
    const terminal = host.stdout.isTTY === true && host.stderr.isTTY === true;
    config = await load({ flags: { ...command.implied, ...written }, env: host.env, terminal });
  } catch (error) {
    return refuse(host, error);
  }
  try {
    return await command.run(contextFor(host, config, flags));
  } catch (error) {
    return explain(host, config, error);
  }
};

/** For an error in the options themselves: how they want it to be shown can only be guessed. */
export const refuse = (host: Host, error: unknown): number => {
  const { argv, env } = host;
  const json = /(^| )(-o|--output)[ =]?json( |$)/.test(argv.join(" ")) || env.KN_BOOTSTRAP_OUTPUT === "json";
  const verbose = argv.includes("-v") || argv.includes("--verbose");
  return explain(host, { output: json ? "json" : "text", quiet: false, verbose, color: false }, error);
};

type Settings = Pick<Config, "output" | "quiet" | "verbose" | "color">;

const explain = (host: Host, settings: Settings, error: unknown): number => {
  // What an abort looks like depends on what was under way; the reason is what counts.
  const cause = host.signal.aborted && !(error instanceof UserError) ? host.signal.reason : error;
  const problem = problemOf(cause, settings);
  reporterFor(host, settings).problem(problem);
  return problem.exitCode;
};

const lookOf = ({ stdout, env }: Host, { color }: Settings): Look => ({
  columns: columnsOf(stdout.columns, env),
  unicode: isUnicode(env),
  color,
});

const reporterFor = (host: Host, settings: Settings): Reporter => {
  const { output, quiet, verbose } = settings;
  const stdout = (text: string): void => void host.stdout.write(text);
  const stderr = (text: string): void => void host.stderr.write(text);
  const options = { stdout, stderr, look: lookOf(host, settings), quiet, verbose };
  const plain = plainReporter({ ...options, results: output === "text" });
  return output === "json" ? both(jsonReporter(stdout), plain) : plain;
};

const contextFor = (host: Host, config: Config, flags: CommandContext["flags"]): CommandContext => {
  const reporter = reporterFor(host, config);
  return {
    config,
    flags,
    emit: reporter.emit,
    finish: (report, next) => {
      reporter.report(report, next);
      if (report.outcome === "done") return 0;
      const problem = problemOf(report.error ?? new Interrupted("SIGINT"), { changing: true, verbose: config.verbose });
      reporter.problem(problem);
      return problem.exitCode;
    },
    stdout: (text) => void host.stdout.write(text),
    stderr: (text) => void host.stderr.write(text),
    confirm: async (question) => config.yes || (await confirm(question, host)),
    stdinIsTTY: host.stdin.isTTY === true,
    look: lookOf(host, config),
    env: host.env,
    signal: host.signal,
    adapters: host.adapters,
  };
};
