import type { Session } from "../app/session.ts";
import type { Tools } from "../app/tools.ts";
import type { Plan } from "../core/change.ts";
import { changesOf } from "../core/change.ts";
import { takeSnapshot, throughSnapshot } from "../kube/snapshot.ts";
import type { CommandContext } from "./context.ts";
import type { OpenedCluster, Where } from "./outside.ts";
import { here, waysFor } from "./rehearsal/led.ts";

const REACH = { text: "See whether the cluster is well, and the way to it." };

const connect = (ctx: CommandContext, where: Where): Promise<OpenedCluster> =>
  ctx.adapters.openCluster(where, {
    env: ctx.env,
    signal: ctx.signal,
    interactive: ctx.stdinIsTTY,
    learn: ctx.learn,
    onTrouble: (reason) =>
      ctx.emit({ type: "waiting", step: "cluster", check: "cluster.answers", reason, remedy: REACH }),
  });

const sayWhich = ({ emit }: CommandContext, cluster: OpenedCluster, version: string): void => {
  emit({ type: "target", ...cluster.identity, version });
  for (const text of cluster.warnings()) emit({ type: "note", level: "warning", text });
};

/** Does something with a cluster that answers, and says which one it is; nothing else of the world outside is asked. */
export const atCluster = async <T>(ctx: CommandContext, work: (cluster: OpenedCluster) => Promise<T>): Promise<T> => {
  const cluster = await connect(ctx, ctx.config);
  try {
    sayWhich(ctx, cluster, await cluster.version());
    return await work(cluster);
  } finally {
    cluster.close();
  }
};

/** Connects, finds out that the cluster answers, and says which one it is. */
export const openSession = async (ctx: CommandContext, where: Where = ctx.config): Promise<Session> => {
  const cluster = await connect(ctx, where);
  try {
    const { dnsResolver } = ctx.config;
    const { ways, env, standIns } = where.connectTo ? here(ctx) : await waysFor(ctx, cluster);
    const [version, probe, resolver] = await Promise.all([
      cluster.version(),
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
    };
    const live = takeSnapshot(cluster);
    const closings = [cluster.close];
    return {
      tools,
      frozen: { ...tools, cluster: throughSnapshot(cluster, live) },
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
