import type { Internet } from "../internet.ts";
import { type Api, type ApiRequest, type ApiResponse, type CallWebhook, StatusError } from "../types.ts";

/** One thing that can go wrong in a rehearsal, on demand. */
export interface Fault {
  /** What is written behind `--fault`. */
  readonly name: string;
  /** What goes wrong, as a sentence without its end. */
  readonly summary: string;
  readonly parameter: Parameter;
  /** True: of what is around the cluster, which a rehearsal has only with a domain whose records somebody writes. */
  readonly isOutside?: boolean;
  readonly make: (how: {
    readonly parameter: string;
    readonly spell: Spell;
    /** Milliseconds that one second of cluster time lasts. */
    readonly second: number;
  }) => Harm;
}

/** What may follow the name, after a colon. `SECONDS` is how long the fault lasts since it was first felt. */
export interface Parameter {
  readonly value: "SECONDS" | "IMAGE" | "KIND" | "AHEAD";
  readonly default: string;
  readonly accepts: RegExp;
}

export const seconds = (usual: string): Parameter => ({
  value: "SECONDS",
  default: usual,
  accepts: /^\d+(\.\d+)?$/,
});
/** Long enough to see what the wait says about it. */
export const SECONDS = seconds("5");

/** The time during which a fault is at work. */
export interface Spell {
  /** Whether it lasts still; who asks first starts its clock. */
  readonly strikes: () => boolean;
  /** What undoes it when it is over. */
  readonly whenOver: (undo: () => Promise<unknown>) => void;
  readonly end: () => Promise<void>;
}

/** What is around a cluster, as far as faults reach. */
export type Outside = Pick<Internet, "dns" | "acme" | "zones">;

/** How a fault reaches into the world. Everything asks its spell each time, so that a fault can pass. */
export interface Harm {
  /** Sees each request before it is handled; may answer it, keep it waiting, or reject to drop its connection. */
  readonly onRequest?: (request: ApiRequest, api: Api) => Promise<ApiResponse | undefined>;
  /** The registry's refusal of an image. */
  readonly pull?: (image: string) => string | undefined;
  readonly callWebhook?: (next: CallWebhook) => CallWebhook;
  /** The last log line with which the process of a Deployment (`namespace/name`) ends right after its start. */
  readonly start?: (deployment: string) => string | undefined;
  /** Whether a controller of the world, by its name, leaves a key alone. */
  readonly stops?: (controller: string, key: string) => boolean;
  /** How far the API server's clock is ahead; of its certificate's dates only when the world begins with it. */
  readonly skewMs?: number;
  /** How late watches are told of a change, in milliseconds. */
  readonly lagMs?: () => number;
  /** Called when it starts, in a world that is up. */
  readonly begin?: (api: Api, outside: Outside | undefined) => Promise<void>;
}

/** For what a fault does by the way: the API may refuse it as it refuses anybody, and then it is not done. */
export const attempt = (work: Promise<unknown>): void => {
  work.catch((error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
  });
};

/** @param seconds how long it lasts; absent: until `end`. */
export const createSpell = (seconds?: number): Spell => {
  const undoing: (() => Promise<unknown>)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const end = async (): Promise<void> => {
    over = true;
    clearTimeout(timer);
    await Promise.all(undoing.splice(0).map((undo) => undo()));
  };
  return {
    strikes: () => {
      if (!over && seconds !== undefined) timer ??= setTimeout(() => attempt(end()), seconds * 1000).unref();
      return !over;
    },
    whenOver: (undo) => void undoing.push(undo),
    end,
  };
};
