import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { type Cluster, loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { createProbe } from "../../src/adapters/probe.ts";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { runCli } from "../../src/cli/index.ts";
import { seal } from "../../src/ports/sealed.ts";
import type { Internet } from "../../src/sandbox/internet.ts";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";
import { startWorld } from "../../src/sandbox/world.ts";
import { readLine } from "../json-line.ts";
import { patient } from "../patience.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Events of `-o json`. */
  readonly events: readonly Record<string, unknown>[];
  readonly stats: ReturnType<Cluster["stats"]>;
}

export interface Stage {
  readonly kubeconfig: string;
  /** Stand-ins in place of releases. */
  readonly standIns?: boolean;
  readonly connectTo?: ReadonlyMap<number, number>;
  /** What is asked in place of the real DNS and CA; its credentials are in the environment. */
  readonly internet?: Internet;
}

const sink = (onText = (_text: string): void => {}): { stream: Writable; text: () => string } => {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      onText(String(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
};

/** A second of the cluster in milliseconds, as nobody here watches it: a whole install takes about half a second. */
export const PACE = patient(3);

let holders = 0;
/** Holders of the lock that a test has killed. */
export const dead = new Set<string>();

/** Runs the program in this process, as a shell without a terminal would. */
export const kn = async (
  stage: Stage,
  args: readonly string[],
  options: {
    env?: Record<string, string>;
    signal?: AbortSignal;
    holder?: { name: string };
    /** Whether somebody sits there; nobody types anything. */
    terminal?: boolean;
    /** Called with what it writes to stdout, as it does. */
    onStdout?: (text: string) => void;
  } = {},
): Promise<Outcome> => {
  const stdout = sink(options.onStdout);
  const stderr = sink();
  let cluster: Cluster | undefined;
  const { internet } = stage;
  const code = await runCli({
    argv: args,
    env: {
      KUBECONFIG: stage.kubeconfig,
      XDG_CACHE_HOME: join(tmpdir(), "kn-bootstrap-no-cache"),
      LANG: "C.UTF-8",
      ...internet?.env,
      ...options.env,
    },
    stdin: options.terminal ? Object.assign(new PassThrough(), { isTTY: true }) : process.stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: options.signal ?? new AbortController().signal,
    adapters: {
      system: async () => "debian",
      holder: { name: `test/${holders++}`, isDead: (name) => dead.has(name), ...options.holder },
      openCluster: async ({ kubeconfig, context }, { env, ...opening }) => {
        const target = await loadKubeconfig({
          env,
          ...(kubeconfig ? { path: kubeconfig } : {}),
          ...(context ? { context } : {}),
        });
        cluster = openCluster(target, opening);
        return seal(cluster);
      },
      createResolver: async (options) =>
        createResolver({
          ...options,
          ...(internet ? { server: internet.dns.resolver, connectTo: internet.dns.connectTo } : {}),
        }),
      createAuthority: async (options) =>
        createAuthority({ ...(internet ? { ca: internet.acme.tlsCa } : {}), ...options }),
      createProbe: async (options) =>
        createProbe({
          ...options,
          ...(stage.connectTo ? { connectTo: stage.connectTo } : {}),
          ...(internet ? { root: internet.acme.root } : {}),
        }),
      ...(stage.standIns ? { standIns: standIn } : {}),
    },
  });
  const events = args.includes("json")
    ? stdout
        .text()
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map(readLine)
    : [];
  return {
    code,
    stdout: stdout.text(),
    stderr: stderr.text(),
    events,
    stats: cluster?.stats() ?? { requests: 0, connections: 0, writes: 0, lists: {} },
  };
};

/** A rehearsal world with its kubeconfig in a file. */
export const stage = async (
  options: Parameters<typeof startWorld>[0] = {},
): Promise<Stage & Awaited<ReturnType<typeof startWorld>>> => {
  const world = await startWorld({ pace: PACE, ...options });
  const kubeconfig = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-test-")), "kubeconfig");
  writeFileSync(kubeconfig, world.kubeconfig, { mode: 0o600 });
  return { ...world, kubeconfig };
};
