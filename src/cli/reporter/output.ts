import type { Config } from "../../config/config.ts";
import type { Host } from "../context.ts";
import { jsonReporter } from "./json.ts";
import { columnsOf } from "./lines.ts";
import { isUnicode, type Look } from "./look.ts";
import { plainReporter } from "./plain.ts";
import { both, type Reporter } from "./reporter.ts";

/** What the options say about output. */
export interface Settings {
  readonly output: Config["output"];
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** The reporter for this terminal or pipe, and functions for everything that is written past it. */
export interface Output {
  readonly reporter: Reporter;
  readonly look: Look;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Runs `work`, which asks somebody at the terminal, and keeps everything else from writing meanwhile. */
  readonly aside: <T>(work: () => Promise<T>) => Promise<T>;
  /** Removes everything that still changes on the terminal. */
  readonly close: () => void;
}

/** `columns` is a getter, so that it follows the terminal when it is resized. */
const lookOf = ({ stdout, env }: Host, { color }: Settings): Look => ({
  get columns() {
    return columnsOf(stdout.columns, env);
  },
  unicode: isUnicode(env),
  color,
});

/**
 * Whether lines may change in place: somebody sees stdout and stderr as they are written, and wants neither less nor more than the
 * usual. CI systems show terminals, but keep what was written as a log.
 */
const isLively = ({ stdout, stderr, env }: Host, { output, quiet, verbose }: Settings): boolean =>
  output === "text" &&
  !quiet &&
  !verbose &&
  stdout.isTTY === true &&
  stderr.isTTY === true &&
  env.TERM !== "dumb" &&
  (!env.CI || env.CI === "false");

export const openOutput = async (host: Host, settings: Settings): Promise<Output> => {
  const { env } = host;
  const { quiet, verbose } = settings;
  const stdout = (text: string): void => void host.stdout.write(text);
  const stderr = (text: string): void => void host.stderr.write(text);
  const look = lookOf(host, settings);
  const options = { stdout, stderr, look, quiet, verbose };
  if (!isLively(host, settings)) {
    const plain = plainReporter({ ...options, results: settings.output !== "json" });
    const reporter = settings.output === "json" ? both(jsonReporter(stdout), plain) : plain;
    return { reporter, look, stdout, stderr, aside: (work) => work(), close: () => {} };
  }
  const { terminalReporter } = await import("./tasks.ts");
  const { screen, ...reporter } = terminalReporter({
    ...options,
    env,
    columns: () => host.stderr.columns || 80,
    rows: () => host.stderr.rows || 24,
    onResize: (listener) => void host.stderr.on("resize", listener),
    every,
    now: () => performance.now() / 1000,
  });
  return {
    reporter,
    look,
    stdout: (text) => screen.print("stdout", text),
    stderr: (text) => screen.print("stderr", text),
    aside: screen.aside,
    close: screen.close,
  };
};

/**
 * A frame is drawn at the end of a turn of the event loop. At its beginning, the size that the stream has noted down can be older than
 * the terminal's, and what is drawn for the old size cannot be taken back.
 */
const every = (milliseconds: number, work: () => void): (() => void) => {
  let last: NodeJS.Immediate | undefined;
  const timer = setInterval(() => {
    last = setImmediate(work);
  }, milliseconds).unref();
  return () => {
    clearInterval(timer);
    clearImmediate(last);
  };
};
