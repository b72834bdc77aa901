import type { Config } from "../config/config.ts";
import { AT_A_CLUSTER, COMMAND_NAMES } from "../config/option.ts";
import { option, quoted } from "../ports/shell.ts";
import type { Reporter } from "./reporter/reporter.ts";

/** How this program was called: what is printed to be copied calls it, and kubectl, in the same way. */
export interface Called {
  /** What stands for `kn-bootstrap`: `npm run dev --` in a checkout. */
  readonly program: string;
  /** The options that say which cluster is meant, where options said it; kubectl has the same. */
  readonly cluster: readonly string[];
  /** What it was called with, where that was a rehearsal of which nothing stays: what would be mended by install is tried by another one. */
  readonly rehearsal?: readonly string[];
}

/** npm tells its children what it was asked for (npm-run-script, npm-exec). */
export const howCalled = (
  env: NodeJS.ProcessEnv,
  { kubeconfig, context }: Partial<Pick<Config, "kubeconfig" | "context">>,
  argv: readonly string[] = [],
): Called => ({
  program: programOf(env),
  ...(isPassing(argv) ? { rehearsal: argv } : {}),
  cluster: [
    ...(kubeconfig === undefined ? [] : option("--kubeconfig", kubeconfig)),
    ...(context === undefined ? [] : option("--context", context)),
  ],
});

const isPassing = ([command, ...options]: readonly string[]): boolean =>
  command === "rehearse" && !options.some((word) => /^--keep(=|$)/.test(word));

const programOf = ({ npm_command, npm_lifecycle_event, npm_package_name }: NodeJS.ProcessEnv): string => {
  if (npm_package_name !== "kn-bootstrap" && npm_command !== "exec") return "kn-bootstrap";
  if (npm_lifecycle_event === "npx") return "npx kn-bootstrap";
  // Older versions of npm say run-script, newer ones run.
  return /^run(-script)?$/.test(npm_command ?? "") ? "npm run dev --" : "kn-bootstrap";
};

/** What is quoted; or the start of a command, with the verb of ours. */
const STARTS = /'[^']*'|"[^"]*"|(^|&& |; |\| |\n)(kubectl|kn|kn-bootstrap(?: ([a-z-]+))?)(?=[ \n]|$)/g;

/** The same command, as it works from where this one was called. One that says itself which cluster it means keeps that. */
export const asCalled = (command: string, { program, cluster }: Called): string => {
  const where = command.includes("--context") ? "" : cluster.map((word) => ` ${quoted(word)}`).join("");
  return command.replace(STARTS, (all, before: string | undefined, name = "", verb = "") => {
    if (before === undefined) return all;
    if (!name.startsWith("kn-bootstrap")) return `${before}${name}${where}`;
    const asksCluster = (AT_A_CLUSTER as readonly string[]).includes(verb);
    return `${before}${[program, verb].filter(Boolean).join(" ")}${asksCluster ? where : ""}`;
  });
};

/** Commands of ours inside a sentence. */
const NAMED = new RegExp(`(?<![\\w/.-]|-n |npx )kn-bootstrap (?=(${COMMAND_NAMES.join("|")})(?![\\w/-]))`, "g");

/** The same sentence: a command of ours in it is called as this one was. Which cluster is meant is said by commands to copy. */
export const textAsCalled = (text: string, { program }: Called): string => text.replace(NAMED, () => `${program} `);

/** Keys of sentences for people. */
const SENTENCES: ReadonlySet<string> = new Set(["text", "what", "why", "summary", "reason", "error"]);

/** The same data with every `command` in it as it is called here, and with the commands that its sentences name. */
export const calledIn = <T>(value: T, how: Called): T => within(value, how) as T;

const within = (value: unknown, how: Called): unknown => {
  if (Array.isArray(value)) return value.map((item) => within(item, how));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === "string" ? spoken(key, inner, how) : within(inner, how),
    ]),
  );
};

const spoken = (key: string, text: string, how: Called): string => {
  if (key === "command") return asCalled(rehearsed(text, how), how);
  return SENTENCES.has(key) ? textAsCalled(inRehearsal(text, how), how) : text;
};

const rehearsed = (command: string, { rehearsal }: Called): string =>
  rehearsal
    ? command.replace(/^kn-bootstrap install(?=\s|$)/, () => `kn-bootstrap ${rehearsal.map(quoted).join(" ")}`)
    : command;

const inRehearsal = (text: string, { rehearsal }: Called): string =>
  rehearsal ? text.replace(/\binstall with (?=`?--)/g, "rehearse with ") : text;

/** Tells a reporter commands as they are called here. */
export const calledHere = (reporter: Reporter, how: Called): Reporter => {
  const isPlain = how.program === "kn-bootstrap" && how.cluster.length === 0 && !how.rehearsal;
  if (isPlain) return reporter;
  return {
    emit: (event) => reporter.emit(calledIn(event, how)),
    // What comes next is about clusters of one's own.
    report: (report, next) => {
      const { rehearsal: _none, ...after } = how;
      reporter.report(calledIn(report, how), calledIn(next, after));
    },
    problem: (problem) => reporter.problem(calledIn(problem, how)),
  };
};
