import { spawn } from "node:child_process";
import { messageOf, UserError } from "../../ports/error.ts";
import { at } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
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

/**
 * Runs a credential plugin once (`aws eks get-token`, `gke-gcloud-auth-plugin` …). `interactive`: stdin is a terminal and may
 * be lent to it. Source: client.authentication.k8s.io/v1, ExecCredential.
 * Errors: {@link UserError} `kubeconfig.plugin-missing` (2) and `kubeconfig.plugin` (1).
 */
export const runPlugin = async (
  plugin: PluginSettings,
  options: { readonly interactive: boolean; readonly signal: AbortSignal },
): Promise<PluginCredential> => {
  if (plugin.interactiveMode === "Always" && !options.interactive) {
    throw failed(plugin, "it wants to ask questions, and standard input is not a terminal");
  }
  const interactive = options.interactive && plugin.interactiveMode !== "Never";
  const { code, stdout, stderr } = await run(plugin, interactive, options.signal);
  if (code !== 0) throw failed(plugin, `it ended with ${code === null ? "a signal" : `code ${code}`}`, stderr);
  return credentialOf(plugin, stdout);
};

const run = (
  plugin: PluginSettings,
  interactive: boolean,
  signal: AbortSignal,
): Promise<{ code: number | null; stdout: string; stderr: string }> =>
  new Promise((resolve, reject) => {
    const spec = { interactive, ...(plugin.cluster ? { cluster: plugin.cluster } : {}) };
    const child = spawn(plugin.command, plugin.args, {
      env: {
        ...plugin.env,
        KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion: plugin.apiVersion, kind: "ExecCredential", spec }),
      },
      stdio: [interactive ? "inherit" : "ignore", "pipe", "pipe"],
      signal,
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.on("error", (error) => {
      if (signal.aborted) reject(signal.reason);
      else reject(at(error, "code") === "ENOENT" ? missing(plugin) : failed(plugin, messageOf(error)));
    });
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });

const credentialOf = (plugin: PluginSettings, stdout: string): PluginCredential => {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw failed(plugin, "what it printed is not JSON");
  }
  if (at(answer, "kind") !== "ExecCredential") throw failed(plugin, "what it printed is no ExecCredential");
  if (at(answer, "apiVersion") !== plugin.apiVersion) {
    throw failed(plugin, `it speaks ${String(at(answer, "apiVersion"))}, the kubeconfig expects ${plugin.apiVersion}`);
  }
  const text = (field: string): string | undefined => {
    const value = at(answer, "status", field);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const token = text("token");
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
    exitCode: 2,
  });

const failed = (plugin: PluginSettings, reason: string, stderr = ""): UserError =>
  new UserError({
    id: "kubeconfig.plugin",
    what: `the credential plugin "${plugin.command}" gave no credentials: ${reason}`,
    why: stderr.trim().split("\n").slice(-5).join(" ") || "It said nothing more.",
    remedy: {
      text: "Log in again with your provider's tool, then see that kubectl works:",
      command: sh`kubectl version`,
    },
    exitCode: 1,
  });
