import { type ChildProcess, spawn } from "node:child_process";
import { sizeOf } from "../../ports/bounded.ts";
import { messageOf, UserError } from "../../ports/error.ts";
import { at } from "../../ports/object.ts";
import { type Learn, learnNothing } from "../../ports/secrets.ts";
import { sh } from "../../ports/shell.ts";
import { headerProblem } from "../../ports/text.ts";
import type { PluginSettings } from "./target.ts";

/** What a credential plugin gave: a token, a client certificate, or both. */
export interface PluginCredential {
  readonly token?: string;
  /** PEM */
  readonly certificate?: string;
  /** PEM */
  readonly key?: string;
  /** Milliseconds since the epoch. Absent: good for the rest of the run. */
  readonly expires?: number;
}

export interface PluginOptions {
  /** Somebody sits at a terminal: stdin may be lent to it, and it has longer, as people who log in do. */
  readonly interactive: boolean;
  readonly signal: AbortSignal;
  /** Default 60 s; 5 minutes at a terminal, where it may open a browser and wait for a person. kubectl has no limit at all. */
  readonly limitMs?: number;
  /** Told while it runs for long, with what it says itself: an address to visit, a code to type. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** Told what it gave before anything is told that it says. */
  readonly learn?: Learn;
}

const LIMIT_MS = { alone: 60_000, attended: 300_000 };
/** An ExecCredential has some kilobytes. */
const MOST_STDOUT = 2 ** 20;
/** The end of what it says is what people are told. */
const MOST_STDERR = 16 * 2 ** 10;
/** From here on whoever waits wants to know what for. */
const SLOW_MS = 3_000;
/** For its own clean-up, once it is told to end. */
const GRACE_MS = 1_000;

/**
 * Runs a credential plugin once (`gke-gcloud-auth-plugin`, `kubelogin` …). Source: client.authentication.k8s.io/v1, ExecCredential.
 * Errors: {@link UserError} `kubeconfig.plugin-missing` (2) and `kubeconfig.plugin` (1); the signal's reason.
 */
export const runPlugin = async (plugin: PluginSettings, options: PluginOptions): Promise<PluginCredential> => {
  if (plugin.interactiveMode === "Always" && !options.interactive) {
    throw failed(plugin, "it wants to ask questions, and standard input is not a terminal");
  }
  const { code, stdout, stderr } = await run(plugin, options);
  if (code !== 0) throw failed(plugin, `it ended with ${code === null ? "a signal" : `code ${code}`}`, stderr);
  return credentialOf(plugin, stdout);
};

/** Ends a plugin; with a process group of its own, also what it started. */
const ending = (child: ChildProcess, hasGroup: boolean): (() => void) => {
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (hasGroup && child.pid !== undefined) process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch {
      // The process has ended already.
    }
  };
  return () => {
    kill("SIGTERM");
    const timer = setTimeout(kill, GRACE_MS, "SIGKILL");
    child.once("exit", () => {
      clearTimeout(timer);
      if (hasGroup) kill("SIGKILL");
    });
    // Processes that the plugin has started may hold these streams open for ever.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
};

const run = (
  plugin: PluginSettings,
  {
    interactive,
    signal,
    limitMs = interactive ? LIMIT_MS.attended : LIMIT_MS.alone,
    onTrouble,
    learn = learnNothing,
  }: PluginOptions,
): Promise<{ code: number | null; stdout: string; stderr: string }> =>
  new Promise((resolve, reject) => {
    const isLent = interactive && plugin.interactiveMode !== "Never";
    const spec = { interactive: isLent, ...(plugin.cluster ? { cluster: plugin.cluster } : {}) };
    // In a process group of its own the plugin could not use the terminal. In ours, Ctrl-C reaches it as well.
    const hasGroup = !isLent && process.platform !== "win32";
    if (signal.aborted) return reject(signal.reason);
    let child: ChildProcess;
    try {
      child = spawn(plugin.command, plugin.args, {
        env: {
          ...plugin.env,
          KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion: plugin.apiVersion, kind: "ExecCredential", spec }),
        },
        stdio: [isLent ? "inherit" : "ignore", "pipe", "pipe"],
        detached: hasGroup,
      });
    } catch (error) {
      // The command is empty, or no system could run it.
      return reject(failed(plugin, messageOf(error)));
    }
    const end = ending(child, hasGroup);
    const give = (act: () => void): void => {
      learnOutput(stdout, learn);
      clearTimeout(limit);
      clearInterval(slow);
      signal.removeEventListener("abort", abort);
      act();
    };
    const giveUp = (error: unknown): void =>
      give(() => {
        reject(error);
        end();
      });
    const abort = (): void => giveUp(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    let stdout = "";
    let stderr = "";
    let told = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      if (stdout.length > MOST_STDOUT) giveUp(failed(plugin, `it printed more than ${sizeOf(MOST_STDOUT)}`, stderr));
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr = (stderr + chunk).slice(-MOST_STDERR);
    });
    const limit = setTimeout(() => giveUp(tooSlow(plugin, limitMs, stderr)), limitMs);
    const slow = setInterval(() => {
      learnOutput(stdout, learn);
      const words = tailOf(stderr) || (interactive ? "perhaps it waits for you in a browser" : "");
      if (words !== told || told === "")
        onTrouble?.(`the credential plugin "${plugin.command}" is still running${words && `: ${words}`}`);
      told = words || " ";
    }, SLOW_MS);
    child.on("error", (error) =>
      giveUp(at(error, "code") === "ENOENT" ? missing(plugin) : failed(plugin, messageOf(error))),
    );
    child.on("close", (code) => give(() => resolve({ code, stdout, stderr })));
  });

/** However it ends: it may say the same in its complaints. */
const learnOutput = (stdout: string, learn: Learn): void => {
  const text = stdout.trim();
  // The plugin has printed the token alone.
  if (!/[\s{]/.test(text)) learn(text);
  for (const [, value = ""] of text.matchAll(/"(?:token|clientKeyData)"\s{0,20}:\s{0,20}"((?:[^"\\]|\\.)*)/g)) {
    try {
      learn(String(JSON.parse(`"${value}"`)));
    } catch {
      learn(value);
    }
  }
};

/** The last lines, as one. */
const tailOf = (stderr: string): string => stderr.trim().split("\n").slice(-5).join(" ").slice(-1000);

const credentialOf = (plugin: PluginSettings, stdout: string): PluginCredential => {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw failed(plugin, "what it printed is not JSON");
  }
  if (at(answer, "kind") !== "ExecCredential") throw failed(plugin, "what it printed is no ExecCredential");
  if (at(answer, "apiVersion") !== plugin.apiVersion) {
    const spoken = at(answer, "apiVersion");
    const version = typeof spoken === "string" ? spoken.slice(0, 100) : "no version";
    throw failed(plugin, `it speaks ${version}, the kubeconfig expects ${plugin.apiVersion}`);
  }
  const text = (field: string): string | undefined => {
    const value = at(answer, "status", field);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const token = text("token");
  const problem = headerProblem(token ?? "");
  if (problem !== undefined) throw failed(plugin, `the token that it gave cannot be sent: ${problem}`);
  const certificate = text("clientCertificateData");
  const key = text("clientKeyData");
  const expires = Date.parse(text("expirationTimestamp") ?? "");
  if (!token && !(certificate && key))
    throw failed(plugin, "it gave neither a token nor a client certificate with its key");
  return {
    ...(token ? { token } : {}),
    ...(certificate && key ? { certificate, key } : {}),
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
};

const missing = (plugin: PluginSettings): UserError =>
  new UserError({
    id: "kubeconfig.plugin-missing",
    what: `the credential plugin "${plugin.command}" of the kubeconfig is not installed`,
    why: "It cannot be found on PATH, and the cluster's credentials come from it.",
    remedy: {
      text: plugin.installHint ?? "Install it, then see that kubectl works:",
      ...(plugin.installHint ? {} : { command: sh`kubectl version` }),
    },
    kind: "input",
  });

const failed = (plugin: PluginSettings, reason: string, stderr = ""): UserError =>
  new UserError({
    id: "kubeconfig.plugin",
    what: `the credential plugin "${plugin.command}" gave no credentials: ${reason}`,
    why: tailOf(stderr) || "It said nothing more.",
    remedy: {
      text: "Log in again with your provider's tool, then see that kubectl works:",
      command: sh`kubectl version`,
    },
    kind: "failed",
  });

const tooSlow = (plugin: PluginSettings, limitMs: number, stderr: string): UserError =>
  new UserError({
    id: "kubeconfig.plugin",
    what: `the credential plugin "${plugin.command}" gave no credentials within ${limitMs / 1000} s, and was ended`,
    why: tailOf(stderr) || "It said nothing; perhaps it waits for a login, a password or the network.",
    remedy: {
      text: "Log in at a terminal first, where it has longer, and see that kubectl works:",
      command: sh`kubectl version`,
    },
    kind: "failed",
  });
