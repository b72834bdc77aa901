import { deploymentOf, type Program } from "../kubernetes/processes.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Api, ApiRequest, ApiResponse, CallWebhook } from "../types.ts";
import { admission } from "./admission.ts";
import { api } from "./api.ts";
import { cluster } from "./cluster.ts";
import { createSpell, type Fault, type Harm, type Outside, type Spell } from "./fault.ts";
import { images } from "./images.ts";
import { outside } from "./outside.ts";

export type { Fault, Outside } from "./fault.ts";

/** Everything that can go wrong on demand. */
export const FAULTS: readonly Fault[] = [...images, ...cluster, ...admission, ...api, ...outside];

/** One that was asked for. */
export interface Chosen {
  readonly fault: Fault;
  readonly parameter: string;
}

/** Understands `name` or `name:parameter`; undefined when there is no such fault or it does not take this. */
export const chooseFault = (text: string): Chosen | undefined => {
  const [name, ...rest] = text.split(":");
  const fault = FAULTS.find((candidate) => candidate.name === name);
  const parameter = rest.length > 0 ? rest.join(":") : (fault?.parameter.default ?? "");
  return fault?.parameter.accepts.test(parameter) ? { fault, parameter } : undefined;
};

/** What can be done to a world while it runs. */
export interface Faults {
  /** Throws RangeError for a text that {@link chooseFault} does not understand. */
  readonly start: (...texts: readonly string[]) => Promise<void>;
  /** All is well again. */
  readonly end: () => Promise<void>;
}

/** Where faults reach into the parts of a world. */
export interface Hooks {
  readonly clock: () => Date;
  readonly lag: () => number;
  readonly onRequest: (request: ApiRequest) => Promise<ApiResponse | undefined>;
  readonly pull: (image: string) => string | undefined;
  readonly callWebhook: (next: CallWebhook) => CallWebhook;
  readonly program: (program: Program) => Program;
  readonly reconciler: (reconciler: Reconciler) => Reconciler;
}

/** How often a controller that is kept from its work looks whether it may. */
const LOOK_MS = 20;

/**
 * The faults of a world that does not exist yet: its hooks work from now on, `begin` is called when it is up and has its API
 * (`server`). `around`: what faults of the outside reach into. `second`: milliseconds that one second of cluster time lasts. Throws RangeError like `start`.
 */
export const createFaults = (
  texts: readonly string[],
  second: number,
  server: () => Api,
  around?: Outside,
): { faults: Faults; hooks: Hooks; begin: () => Promise<void> } => {
  const spells: Spell[] = [];
  const harms: Harm[] = [];

  const add = (text: string): Harm => {
    const chosen = chooseFault(text);
    if (!chosen) throw new RangeError(`no fault ${text}`);
    const { fault, parameter } = chosen;
    const spell = createSpell(fault.parameter.value === "SECONDS" ? Number(parameter) : undefined);
    const harm = fault.make({ parameter, spell, second });
    spells.push(spell);
    harms.push(harm);
    return harm;
  };
  texts.forEach(add);

  return {
    begin: async () => {
      for (const { begin } of [...harms]) await begin?.(server(), around);
    },
    faults: {
      start: async (...more) => {
        for (const text of more) await add(text).begin?.(server(), around);
      },
      end: async () => {
        harms.length = 0;
        await Promise.all(spells.splice(0).map((spell) => spell.end()));
      },
    },
    hooks: {
      clock: () => new Date(Date.now() + harms.reduce((sum, { skewMs = 0 }) => sum + skewMs, 0)),
      lag: () => Math.max(0, ...harms.map(({ lagMs }) => lagMs?.() ?? 0)),
      onRequest: async (request) => {
        for (const { onRequest } of [...harms]) {
          const answer = await onRequest?.(request, server());
          if (answer) return answer;
        }
        return undefined;
      },
      pull: (image) => first(harms, ({ pull }) => pull?.(image)),
      callWebhook: (next) => (target, review) =>
        harms.reduce((call, { callWebhook }) => callWebhook?.(call) ?? call, next)(target, review),
      program: (program) => ({
        ...program,
        start: async (pod) =>
          first(harms, ({ start: line }) => line?.(deploymentOf(pod) ?? "")) ?? program.start?.(pod),
      }),
      reconciler: (reconciler) => ({
        ...reconciler,
        reconcile: async (key) =>
          harms.some(({ stops }) => stops?.(reconciler.name, key)) ? LOOK_MS : reconciler.reconcile(key),
      }),
    },
  };
};

const first = <T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined => {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
};
