import type { Session } from "../app/session.ts";
import type { Tools } from "../app/tools.ts";
import type { Plan } from "../core/change.ts";
import { changesOf } from "../core/change.ts";
import { takeSnapshot, throughSnapshot } from "../kube/snapshot.ts";
import { readable } from "../ports/readable.ts";
import type { CommandContext } from "./context.ts";
import type { Adapters, OpenedCluster, Where } from "./outside.ts";
import { here, keptAt, waysFor } from "./rehearsal/led.ts";

type Limits = Pick<Parameters<Adapters["openCluster"]>[1], "silentMs" | "patience">;

const REACH = { text: "See whether the cluster is well, and the way to it." };

const connect = (ctx: CommandContext, where: Where, limits: Limits = {}): Promise<OpenedCluster> =>
  ctx.adapters.openCluster(where, {
    ...limits,
    env: ctx.env,
    signal: ctx.signal,
    interactive: ctx.stdinIsTTY,
    learn: ctx.learn,
    onTrouble: (reason) =>
      ctx.emit({ type: "waiting", step: "cluster", check: "cluster.answers", reason, remedy: REACH }),
  });

const sayWhich = ({ emit }: CommandContext, cluster: OpenedCluster, version: string | undefined): void => {
  emit({ type: "target", ...cluster.identity, ...(version === undefined ? {} : { version }) });
  for (const text of cluster.warnings()) emit({ type: "note", level: "warning", text });
};

/**
 * Does something with a cluster that answers, and says which one it is; nothing else of the world outside is asked. `rehearsal`: the name of
 * the kept one that it is.
 */
export const atCluster = async <T>(
  ctx: CommandContext,
  work: (cluster: OpenedCluster, rehearsal?: string) => Promise<T>,
): Promise<T> => {
  const cluster = await connect(ctx, ctx.config);
  try {
    const kept = await keptAt(ctx, cluster);
    sayWhich(ctx, cluster, await cluster.version());
    return await work(cluster, kept?.name);
  } finally {
    cluster.close();
  }
};

/** Connects, finds out that the cluster answers, and says which one it is. */
export const openSession = (ctx: CommandContext, where: Where = ctx.config): Promise<Session> =>
  openAt(ctx, where, {}, (cluster) => cluster.version());

/** How long a server that is only looked at may say nothing, in milliseconds. `--timeout` says another time. */
const SILENT_MS = 10_000;

/**
 * The same for a look at whatever can be seen: what a server does not answer soon is left, and an account that may not ask for its version may
 * see something else.
 */
export const openLook = (ctx: CommandContext, where: Where = ctx.config): Promise<Omit<Session, "version">> => {
  const silentMs = ctx.written.timeout === undefined ? SILENT_MS : ctx.config.timeout * 1000;
  const limits = { silentMs, patience: { firstContactMs: Math.min(5_000, silentMs), midRunMs: silentMs } };
  return openAt(ctx, where, limits, (cluster) => readable(cluster.version()));
};

const openAt = async <V extends string | undefined>(
  ctx: CommandContext,
  where: Where,
  limits: Limits,
  ask: (cluster: OpenedCluster) => Promise<V>,
): Promise<Omit<Session, "version"> & { readonly version: V }> => {
  const cluster = await connect(ctx, where, limits);
  try {
    const { dnsResolver } = ctx.config;
    const { ways, env, standIns, assertReachable, opensAt } = where.connectTo ? here(ctx) : await waysFor(ctx, cluster);
    const [version, probe, resolver] = await Promise.all([
      ask(cluster),
      ways.createProbe(where.connectTo ? { connectTo: where.connectTo } : {}),
      ways.createResolver(dnsResolver ? { server: dnsResolver } : {}),
    ]);
    sayWhich(ctx, cluster, version);
    const tools: Tools = {
      config: ctx.config,
      cluster,
      probe,
      emit: ctx.emit,
      resolver,
      createAuthority: (options) => ways.createAuthority({ ...options, env }),
      env,
      learn: ctx.learn,
      interactive: ctx.stdinIsTTY,
      now: () => new Date(),
      holder: ctx.adapters.holder,
      signal: ctx.signal,
      ...(opensAt ? { opensAt } : {}),
      ...(assertReachable ? { assertReachable } : {}),
    };
    const live = takeSnapshot(cluster);
    const once = version === undefined ? cluster : { ...cluster, version: async () => version };
    const closings = [cluster.close];
    return {
      tools,
      frozen: { ...tools, cluster: throughSnapshot(once, live) },
      live,
      version,
      ...(standIns ? { standIns } : {}),
      onClose: (close) => closings.push(close),
      close: () => {
        for (const close of closings) close();
      },
    };
  } catch (error) {
    cluster.close();
    throw error;
  }
};

/** Shows the plan and asks. False: nothing to do, or the answer was no. */
export const agree = async (ctx: CommandContext, plan: Plan, question: string): Promise<boolean> => {
  ctx.emit({ type: "plan", plan });
  return changesOf(plan).length > 0 && (await ctx.confirm(question));
};
