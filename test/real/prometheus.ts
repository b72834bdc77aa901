import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { startDaemon } from "./daemon.ts";
import { freePort } from "./ports.ts";
import { isInstalled, WITH_SERVERS } from "./programs.ts";

export const hasPrometheus = isInstalled(["prometheus", "promtool"], "apt: prometheus");

/** Lets it take OTLP since 3.0. Debian's builds leave it out. */
const OTLP_FLAG = "--web.enable-otlp-receiver";
const hasOtlp = (): boolean =>
  hasPrometheus &&
  /otlp-receiver/.test(spawnSync("prometheus", ["--help-long"], { env: WITH_SERVERS, encoding: "utf8" }).stdout);

/** Whether there is one that takes OTLP; says so if not. */
export const takesOtlp = hasOtlp();
if (!takesOtlp)
  process.stderr.write("skipped: no Prometheus on PATH that takes OTLP (3.0 or newer, from its project)\n");

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface Prometheus {
  readonly port: number;
  /** An instant query; rejects with its words for one that it does not understand. */
  readonly query: (expr: string) => Promise<readonly Series[]>;
  /** Of every target, its job and its health, `up` or why not. */
  readonly targets: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

const answer = async (port: number, path: string): Promise<Record<string, unknown>> => {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
  const body = (await response.json()) as { status: string; error?: string; data: Record<string, unknown> };
  if (body.status !== "success") throw new Error(body.error);
  return body.data;
};

/** A Prometheus on loopback that scrapes every second, and takes OTLP where it can. `files` lie beside its configuration. */
export const startPrometheus = async (
  jobs: readonly object[] = [],
  files: Readonly<Record<string, string>> = {},
): Promise<Prometheus> => {
  const directory = mkdtempSync(join(tmpdir(), "kn-bootstrap-prometheus-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o600 });
  const config = { global: { scrape_interval: "1s", scrape_timeout: "1s" }, scrape_configs: jobs };
  writeFileSync(join(directory, "prometheus.yml"), dump(config));
  const port = await freePort();
  const { close, log } = await startDaemon(directory, port, "prometheus", [
    "--config.file=prometheus.yml",
    "--storage.tsdb.path=data",
    `--web.listen-address=127.0.0.1:${port}`,
    ...(takesOtlp ? [OTLP_FLAG] : []),
  ]);
  return {
    port,
    close,
    query: async (expr) => {
      const data = await answer(port, `query?query=${encodeURIComponent(expr)}`);
      return data.result as readonly Series[];
    },
    targets: async () => {
      const { activeTargets } = await answer(port, "targets?state=active");
      const targets = activeTargets as { scrapePool: string; health: string; lastError: string }[];
      if (targets.length === 0) return [`no target yet: ${log().slice(-2000)}`];
      return targets.map(({ scrapePool, health, lastError }) => `${scrapePool}: ${lastError || health}`).sort();
    },
  };
};
