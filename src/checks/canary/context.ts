import { type Finding, skipped } from "../../core/check.ts";
import type { AccessQuestion, ThroughServer, ThroughServerAnswer } from "../../ports/cluster.ts";
import type { ProbeRequest, ProbeResponse } from "../../ports/http.ts";
import { type ObjectRef, textAt } from "../../ports/object.ts";
import { type HealthCheck, type HealthContext, healthCheck } from "../health-check.ts";

/** What an answer is, and how long it took. */
export type Timed<T> = T & { readonly ms: number };

/** A temporary Service that is asked on every part of the way to it. */
export interface Canary {
  readonly service: ObjectRef;
  /** What the answer's body must contain. */
  readonly greeting: string;
  /** Whether its namespace is made for it. */
  readonly ownNamespace: boolean;
  /** How it came up, or how long it was waited for. Rejects with what kept it from being made. */
  readonly settled: () => Promise<Timed<{ readonly isReady: boolean }>>;
  readonly through: (request: ThroughServer) => Promise<Timed<ThroughServerAnswer>>;
  readonly probe: (request: Omit<ProbeRequest, "signal">) => Promise<Timed<ProbeResponse>>;
}

export interface CanaryContext extends HealthContext {
  /** Absent: nobody asked for one. */
  readonly canary?: Canary;
}

/** Reads what is true while the canary is there. */
export type Walking = CanaryContext & { readonly canary: Canary };

/** The canary as it can be asked. */
export interface Standing {
  readonly ctx: Walking;
  /** `https://probe-kn-bootstrap-probe.apps.example.com` */
  readonly url: string;
  /** Without scheme. */
  readonly host: string;
}

const NONE = "nothing was made to be asked";

/** A hop of the way: skipped where there is no canary that could be asked. */
export const hop = <const Id extends HealthCheck["id"]>(
  definition: Omit<HealthCheck<Id, CanaryContext>, "run"> & { readonly walk: (at: Standing) => Promise<Finding> },
): HealthCheck<Id, CanaryContext> => {
  const { walk, ...check } = definition;
  return healthCheck<Id, CanaryContext>({
    ...check,
    run: async (ctx) => {
      const { canary } = ctx;
      if (!canary) return skipped("--probe makes a Service to be asked");
      const url = textAt(await ctx.cluster.get(canary.service), "status", "url");
      if (url === "") return skipped(NONE);
      return walk({ ctx: { ...ctx, canary }, url, host: url.replace(/^https?:\/\//, "") });
    },
  });
};

/** The rights that making and removing it takes. */
export const rightsOfCanary = ({ service, ownNamespace }: Pick<Canary, "service" | "ownNamespace">) => {
  const { namespace = "", name } = service;
  const at = { group: "serving.knative.dev", resource: "services", namespace };
  const space = { group: "", resource: "namespaces" };
  const made: readonly AccessQuestion[] = [
    { ...at, verb: "create" },
    ...["get", "patch", "delete"].map((verb) => ({ ...at, name, verb })),
    ...(ownNamespace
      ? [
          { ...space, verb: "create" },
          ...["get", "patch", "delete"].map((verb) => ({ ...space, name: namespace, verb })),
        ]
      : []),
  ];
  return made;
};

/** `12 ms`, `3.4 s` */
export const timeText = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`);

/** For the facts of a finding. */
export const seconds = (ms: number): number => ms / 1_000;
