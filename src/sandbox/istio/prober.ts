import type { Stage } from "../objects.ts";

/** Whether the gateways have a version of a kingress, asked at each of their pods (networking pkg/status). */

export interface Target {
  readonly ips: readonly string[];
  readonly podPort: number;
  readonly scheme: "http" | "https";
  readonly host: string;
  /** Of the Gateway's server. */
  readonly port: number;
}

export interface Probe {
  readonly ip: string;
  readonly podPort: number;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
}

/** What came back: the transport's error, or a status and the hash in its header. */
export type Outcome = { readonly error: string } | { readonly status: number; readonly hash?: string | undefined };

export type Dial = (probe: Probe) => Promise<Outcome>;

export interface Prober {
  /** `targets` is asked once for each version, and not again. What it throws is passed on. */
  readonly isReady: (key: string, hash: string, targets: () => readonly Target[]) => boolean;
  readonly forget: (key: string) => void;
  /** A pod that has gone counts as one that has answered. */
  readonly forgetPod: (ip: string) => void;
  /** The process has started anew. */
  readonly reset: () => void;
}

/** In seconds of the cluster. */
const FIRST_TRY = 0.2;
const FIRST_RETRY = 0.05;
const LAST_RETRY = 30;

interface State {
  readonly hash: string;
  readonly pending: Set<Probe>;
  isCancelled: boolean;
}

const urlOf = ({ scheme, host, port }: Probe): string => `${scheme}://${host}:${port}`;
const atOf = ({ ip, podPort }: Probe): string => `IP: ${ip}:${podPort}`;

export const createProber = (
  { second }: Stage,
  dial: Dial,
  log: (severity: "INFO" | "ERROR", message: string) => void,
  onReady: (key: string) => void,
): Prober => {
  const states = new Map<string, State>();

  const settle = (key: string, state: State, probe: Probe): void => {
    if (!state.pending.delete(probe) || state.pending.size > 0 || state.isCancelled) return;
    onReady(key);
  };

  /** Undefined: it has the version, or is believed to. */
  const judge = (probe: Probe, outcome: Outcome, wanted: string): string | undefined => {
    if ("error" in outcome) return `error roundtripping ${urlOf(probe)}/healthz: ${outcome.error}`;
    const { status, hash } = outcome;
    if (status === 404 || status === 503) return `unexpected status code: want 200, got ${status}`;
    if (status === 200 && hash && hash !== wanted) return `unexpected hash: want "${wanted}", got "${hash}"`;
    const why = `the response status is ${status}, expected one of: [200 404 503]`;
    const without = `the response doesn't contain the "K-Network-Hash" header`;
    if (status !== 200 || !hash)
      log("ERROR", `Probing of ${urlOf(probe)} abandoned, ${atOf(probe)}: ${status === 200 ? without : why}`);
    return undefined;
  };

  const tryLater = (key: string, state: State, probe: Probe, seconds: number, retry: number): void => {
    const work = async (): Promise<void> => {
      if (state.isCancelled || !state.pending.has(probe)) return;
      const failure = judge(probe, await dial(probe), state.hash);
      if (state.isCancelled) return;
      if (failure === undefined) return settle(key, state, probe);
      log("ERROR", `Probing of ${urlOf(probe)} failed, ${atOf(probe)}, ready: false, error: ${failure}`);
      tryLater(key, state, probe, retry, Math.min(2 * retry, LAST_RETRY));
    };
    setTimeout(() => void work(), seconds * second).unref();
  };

  const forget = (key: string): void => {
    const state = states.get(key);
    if (state) state.isCancelled = true;
    states.delete(key);
  };

  return {
    isReady: (key, hash, targets) => {
      const known = states.get(key);
      if (known?.hash === hash) return known.pending.size === 0;
      forget(key);
      const probes = targets().flatMap(({ ips, ...target }) => ips.map((ip): Probe => ({ ip, ...target })));
      const state = { hash, pending: new Set(probes), isCancelled: false };
      states.set(key, state);
      for (const probe of probes) {
        log("INFO", `Queuing probe for ${urlOf(probe)}, ${atOf(probe)}`);
        tryLater(key, state, probe, FIRST_TRY, FIRST_RETRY);
      }
      return probes.length === 0;
    },
    forget,
    forgetPod: (ip) => {
      for (const [key, state] of states)
        for (const probe of [...state.pending]) if (probe.ip === ip) settle(key, state, probe);
    },
    reset: () => {
      for (const key of [...states.keys()]) forget(key);
    },
  };
};
