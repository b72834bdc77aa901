import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { Interrupted } from "../../src/ports/error.ts";
import type { Api, ApiRequest } from "../../src/sandbox/types.ts";
import type { WorldOptions } from "../../src/sandbox/world.ts";
import { dead, kn, type Outcome, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { type Contents, contentsOf, isClearing } from "./contents.ts";
import { openWire } from "./wire.ts";

/** One run, as a process of its own whose connections are in our hands. */
export interface Client {
  readonly run: (...args: string[]) => Promise<Outcome>;
  /** Breaks its connections; it can make new ones. */
  readonly reset: () => void;
  /** From here on it reaches the server no more. */
  readonly kill: () => void;
  readonly isKilled: () => boolean;
}

/** A world in which runs can be killed. */
export interface Scene extends Awaited<ReturnType<typeof stage>> {
  readonly run: (...args: string[]) => Promise<Outcome>;
  readonly client: () => Promise<Client>;
  /**
   * Runs the program until its n-th write has arrived at the server, which carries it out, and gives it no answer. Resolves to
   * the number of writes; with fewer than n the run has ended by itself.
   */
  readonly killAfter: (n: number, ...args: string[]) => Promise<number>;
  /** What the cluster holds once its controllers have come to rest. */
  readonly contents: () => Promise<Contents>;
  /** Waits until the cluster holds exactly this. */
  readonly settlesAs: (expected: Contents, message: string) => Promise<void>;
}

export interface SceneOptions extends WorldOptions {
  /** Default true. */
  readonly standIns?: boolean;
}

const LOOK_MS = 20;
const REST_MS = 200;
const SETTLED_MS = patient(10_000);

/** The Lease's included; dry runs and access reviews change nothing. */
export const isWrite = ({ method, path, query }: ApiRequest): boolean =>
  method !== "GET" && method !== "HEAD" && !query?.dryRun && !path.endsWith("reviews");

/** What `look` sees, which is much: it looks again only when something has changed, or a holder of the lock has died. */
const perChange = <T>(api: Api, look: () => Promise<T>): (() => Promise<T>) => {
  let changes = 0;
  api.onChange(() => changes++);
  let seen: { readonly at: string; readonly answer: Promise<T> } | undefined;
  return () => {
    const at = `${changes} ${dead.size}`;
    if (seen?.at !== at) seen = { at, answer: look() };
    return seen.answer;
  };
};

let clients = 0;

export const openScene = async ({ standIns = true, ...options }: SceneOptions = {}): Promise<Scene> => {
  let onWrite = (): void => {};
  const world = await stage({
    ...options,
    onRequest: (request) => {
      if (isWrite(request)) onWrite();
      return options.onRequest?.(request);
    },
  });
  const place = { ...world, standIns };
  const look = perChange(world.api, () => contentsOf(world.api, (holder) => dead.has(holder)));
  const lookForClearing = perChange(world.api, () => isClearing(world.api));

  const client = async (): Promise<Client> => {
    const { port, reset, cut } = await openWire(Number(new URL(world.api.url).port));
    const kubeconfig = `${world.kubeconfig}-${port}`;
    const text = readFileSync(world.kubeconfig, "utf8").replace(world.api.url, `https://127.0.0.1:${port}`);
    writeFileSync(kubeconfig, text, { mode: 0o600 });
    const holder = { name: `client/${clients++}` };
    const stop = new AbortController();
    return {
      run: async (...args) => {
        const outcome = await kn({ ...place, kubeconfig }, args, { signal: stop.signal, holder });
        cut();
        dead.add(holder.name);
        return outcome;
      },
      reset,
      kill: () => {
        cut();
        stop.abort(new Interrupted("SIGTERM"));
      },
      isKilled: () => stop.signal.aborted,
    };
  };

  return {
    ...world,
    run: (...args) => kn(place, args),
    client,
    killAfter: async (n, ...args) => {
      const { run, kill } = await client();
      let writes = 0;
      onWrite = () => {
        if (++writes === n) kill();
      };
      const { code, stderr } = await run(...args);
      onWrite = () => {};
      if (writes < n) expect(code, stderr).toBe(0);
      return writes;
    },
    contents: async () => {
      let contents = await look();
      for (let since = performance.now(); performance.now() - since < REST_MS; await sleep(LOOK_MS)) {
        const now = await look();
        if ((await lookForClearing()) || JSON.stringify(now) !== JSON.stringify(contents)) since = performance.now();
        contents = now;
      }
      return contents;
    },
    settlesAs: async (expected, message) => {
      const began = performance.now();
      for (;;) {
        const contents = await look();
        if (JSON.stringify(contents) === JSON.stringify(expected)) return;
        if (performance.now() - began > SETTLED_MS) {
          const [here, there] = differences(contents, expected);
          return expect(here, message).toEqual(there);
        }
        await sleep(LOOK_MS);
      }
    },
  };
};

/** Both sides without what they agree on. */
const differences = (a: Contents, b: Contents): readonly [Contents, Contents] => {
  const differs = (name: string): boolean => a[name] !== b[name];
  const only = (contents: Contents): Contents =>
    Object.fromEntries(Object.entries(contents).filter(([name]) => differs(name)));
  return [only(a), only(b)];
};
