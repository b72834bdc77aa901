import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { loadKubeconfig, type OpenOptions, openCluster } from "../../src/adapters/cluster/index.ts";
import { createProbe } from "../../src/adapters/probe.ts";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { runCli } from "../../src/cli/index.ts";
import { seal } from "../../src/ports/sealed.ts";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";
import type { Api, ApiRequest } from "../../src/sandbox/types.ts";
import { startWorld, type World, type WorldOptions } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";

/** An event of `-o json` and when it was written. */
export interface Said {
  readonly at: number;
  readonly event: Readonly<Record<string, unknown>>;
}

export interface Run {
  readonly code: number;
  readonly said: readonly Said[];
  readonly stderr: string;
  readonly seconds: number;
}

/** Runs the program in this process with `-o json`, as a shell without a terminal would. */
export const program = async (
  args: readonly string[],
  {
    kubeconfig = "none",
    connectTo,
    patience,
    released = false,
  }: {
    kubeconfig?: string;
    connectTo?: World["connectTo"];
    /** With the releases' own files instead of stand-ins. */
    released?: boolean;
  } & Pick<OpenOptions, "patience"> = {},
): Promise<Run> => {
  const began = performance.now();
  const said: Said[] = [];
  const errors: string[] = [];
  const stream = (onText: (text: string) => void): Writable =>
    new Writable({
      write: (chunk, _encoding, done) => {
        onText(String(chunk));
        done();
      },
    });
  const code = await runCli({
    argv: [...args, "-o", "json"],
    env: { KUBECONFIG: kubeconfig, XDG_CACHE_HOME: join(tmpdir(), "kn-bootstrap-no-cache"), LANG: "C.UTF-8" },
    stdin: process.stdin,
    stdout: stream((text) => {
      for (const line of text.split("\n").filter((part) => part !== ""))
        said.push({ at: performance.now(), event: JSON.parse(line) });
    }),
    stderr: stream((text) => errors.push(text)),
    signal: new AbortController().signal,
    adapters: {
      // Whoever ran here before has ended.
      holder: { name: `waits/${began}`, isDead: () => true },
      openCluster: async (where, { env, ...opening }) =>
        seal(
          openCluster(await loadKubeconfig({ env, ...(where.kubeconfig ? { path: where.kubeconfig } : {}) }), {
            ...opening,
            ...(patience ? { patience } : {}),
          }),
        ),
      createProbe: async (options) => createProbe({ ...(connectTo ? { connectTo } : {}), ...options }),
      createResolver: async (options) => createResolver(options),
      createAuthority: async (options) => createAuthority(options),
      ...(released ? {} : { standIns: standIn }),
    },
  });
  return { code, said, stderr: errors.join(""), seconds: (performance.now() - began) / 1000 };
};

/** Whether something can be seen: in the cluster, or at the request that just comes in. */
export type Sees = (api: Api, request?: ApiRequest) => boolean;

export interface Scene extends World {
  readonly run: (args: readonly string[], options?: Pick<OpenOptions, "patience">) => Promise<Run>;
  /** Looks after each change of the cluster and at each request; gives the moment when it first saw it. */
  readonly sight: (sees: Sees) => () => number | undefined;
}

/** A second of the cluster in milliseconds. */
const PACE = patient(10);

export const openScene = async (options: WorldOptions = {}): Promise<Scene> => {
  const lookers = new Set<(request?: ApiRequest) => void>();
  const look = (request?: ApiRequest): undefined => {
    for (const looker of lookers) looker(request);
  };
  const world = await startWorld({ pace: PACE, onRequest: look, ...options });
  world.api.onChange(() => look());
  const kubeconfig = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-waits-")), "kubeconfig");
  writeFileSync(kubeconfig, world.kubeconfig, { mode: 0o600 });
  return {
    ...world,
    sight: (sees) => {
      let at: number | undefined;
      const looker = (request?: ApiRequest): void => {
        if (!sees(world.api, request)) return;
        at = performance.now();
        lookers.delete(looker);
      };
      lookers.add(looker);
      looker();
      return () => at;
    },
    run: (args, options = {}) => program(args, { kubeconfig, connectTo: world.connectTo, ...options }),
  };
};
