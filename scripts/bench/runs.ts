import { fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Counted, count, requestOf } from "./verbs.ts";

/** What a run took. */
export interface Run {
  readonly seconds: number;
  /** Until something was printed, on whichever stream. */
  readonly firstLine: number;
  readonly counted: Counted;
  /** Of kubectl where the system tells it (Linux). */
  readonly peakBytes?: number;
  /** Of kubectl: fields that others own by now, which it leaves as they are and fails. */
  readonly conflicts: number;
  /** What kn-bootstrap printed with `-o json`. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** A cluster. */
export interface Place {
  readonly kubeconfig: string;
  /** From a port of the gateway's address to the port on 127.0.0.1 that it stands for. */
  readonly gateway: readonly (readonly [number, number])[];
}

export interface Ended {
  readonly seconds: number;
  readonly firstLine: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly peakBytes?: number;
}

/** What /proc last says of the most memory that a process had; it knows that until it ends, so it is asked again and again. */
const watchPeak = (pid: number | undefined): (() => number | undefined) => {
  let peak: number | undefined;
  const look = (): void => {
    try {
      const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      if (kilobytes) peak = Number(kilobytes) * 1024;
    } catch {
      // It has ended, or this is not Linux.
    }
  };
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    return peak;
  };
};

/** `forgive`: what may be on stderr when it fails. Rejects with the end of stderr. */
export const timed = async (
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  forgive = /$^/,
): Promise<Ended> => {
  const started = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const peakOf = watchPeak(child.pid);
  const output = { stdout: "", stderr: "" };
  let firstLine: number | undefined;
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      firstLine ??= (performance.now() - started) / 1000;
      output[name] += text;
    });
  }
  const [code] = await once(child, "close");
  const seconds = (performance.now() - started) / 1000;
  const peakBytes = peakOf();
  if (code !== 0 && output.stderr.search(forgive) < 0)
    throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output.stderr.slice(-2000)}`);
  return { seconds, firstLine: firstLine ?? seconds, ...output, ...(peakBytes ? { peakBytes } : {}) };
};

/** Runs kn-bootstrap as it was built into `folder`. */
export const runProgram = async (folder: string, place: Place, args: readonly string[]): Promise<Run> => {
  const figures = join(folder, "figures.json");
  const { seconds, firstLine, stdout } = await timed(
    process.execPath,
    ["--import", join(folder, "preload.js"), join(folder, "dist/main.js"), ...args, "-o", "json"],
    { KUBECONFIG: place.kubeconfig, BENCH_FIGURES: figures, BENCH_GATEWAY: JSON.stringify(place.gateway) },
  );
  const measured = JSON.parse(await readFile(figures, "utf8")) as Required<Pick<Run, "counted" | "peakBytes">>;
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { seconds, firstLine, events, conflicts: 0, ...measured };
};

export const hasKubectl = (): boolean => spawnSync("kubectl", ["version", "--client"]).status === 0;

const CONFLICTS = /Apply failed with (\d+) conflict/g;

/** `kubectl apply --server-side` of one file after the other. */
export const applyFiles = async (folder: string, place: Place, files: readonly string[]): Promise<Run> => {
  // The sandbox has no OpenAPI to validate by. -v=6 writes a line for each request.
  const args = ["apply", "--server-side", "--validate=false", "-v=6", "--cache-dir", join(folder, "discovery"), "-f"];
  const runs: Ended[] = [];
  for (const file of files)
    runs.push(await timed("kubectl", [...args, file], { KUBECONFIG: place.kubeconfig }, CONFLICTS));
  const log = runs.map(({ stderr }) => stderr).join("\n");
  const peaks = runs.flatMap(({ peakBytes }) => peakBytes ?? []);
  return {
    seconds: runs.reduce((sum, run) => sum + run.seconds, 0),
    firstLine: runs[0]?.firstLine ?? 0,
    counted: count(
      [...log.matchAll(/\b(GET|PATCH|POST|PUT) (https?:[^\s"]+)/g)].map(([, method = "", url = ""]) => {
        const { pathname, search } = new URL(url);
        return requestOf(method, `${pathname}${search}`);
      }),
    ),
    ...(peaks.length > 0 ? { peakBytes: Math.max(...peaks) } : {}),
    conflicts: [...log.matchAll(CONFLICTS)].reduce((sum, [, count]) => sum + Number(count), 0),
    events: [],
  };
};

/** Until what was applied runs: kubectl itself waits for nothing, and the webhook is asked about a second apply. */
export const untilAvailable = async (place: Place): Promise<void> => {
  for (const namespace of ["knative-serving", "kourier-system"]) {
    const args = ["wait", "deployment", "--all", "--for=condition=Available", "--timeout=5m", "--namespace", namespace];
    await timed("kubectl", args, { KUBECONFIG: place.kubeconfig });
  }
};

/** `webhooks`: their configurations, as `kind/name`; they go first, because what they look at could not be deleted after their process. */
export const deleteApplied = async (
  place: Place,
  { webhooks, files }: { readonly webhooks: readonly string[]; readonly files: readonly string[] },
): Promise<void> => {
  for (const what of [webhooks, ...files.toReversed().map((file) => ["-f", file])])
    await timed("kubectl", ["delete", "--ignore-not-found", ...what], { KUBECONFIG: place.kubeconfig });
};

/** A sandbox in which a second lasts `pace` milliseconds, and every answer takes `latency` more; default 0. */
export interface Setting {
  readonly pace: number;
  readonly latency?: number;
}

/** Starts one for the time of `use`. */
export const inWorld = async <T>(
  folder: string,
  { pace, latency = 0 }: Setting,
  use: (place: Place) => Promise<T>,
): Promise<T> => {
  const world = fork(fileURLToPath(new URL("world.ts", import.meta.url)), [String(pace), String(latency)]);
  try {
    const [{ kubeconfig, gateway }] = (await once(world, "message")) as [Place];
    const file = join(folder, "kubeconfig");
    await writeFile(file, kubeconfig, { mode: 0o600 });
    return await use({ kubeconfig: file, gateway });
  } finally {
    world.disconnect();
    await once(world, "exit");
  }
};

/** Seconds that Node takes with these arguments, from its start to its end. */
export const startUp = (args: readonly string[]): number => {
  const started = performance.now();
  spawnSync(process.execPath, args, { stdio: "ignore" });
  return (performance.now() - started) / 1000;
};
