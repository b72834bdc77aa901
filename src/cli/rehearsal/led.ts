import type { Config } from "../../config/config.ts";
import type { StandIns } from "../../releases/index.ts";
import type { CommandContext } from "../context.ts";
import type { Adapters, OpenedCluster } from "../outside.ts";
import { envIn, throughInternet } from "../rehearsed-internet.ts";
import type { Kept, KeptWorld } from "./kept.ts";
import { assertNoneNeeded, NOWHERE, noInternet } from "./no-internet.ts";

/** How what is around a cluster is reached from here. */
export interface Led extends Pick<CommandContext, "env"> {
  readonly ways: Pick<Adapters, "createProbe" | "createResolver" | "createAuthority">;
  readonly standIns?: StandIns;
  /** Throws UserError (exit code 2) where a configuration needs what is not there. Absent: all is there. */
  readonly assertReachable?: (config: Config) => void;
}

/** As everybody reaches it. */
export const here = ({ adapters, env }: Pick<CommandContext, "adapters" | "env">): Led => ({ ways: adapters, env });

/**
 * As everybody reaches it; for the cluster of a kept rehearsal, and for no other, as its world is reached. A cluster is that one if its
 * address is and it is verified with the CA that this world made for itself: no other cluster can answer then.
 */
export const waysFor = async (
  ctx: Pick<CommandContext, "adapters" | "env" | "emit">,
  { identity: { server }, trusted }: Pick<OpenedCluster, "identity" | "trusted">,
): Promise<Led> => {
  if (trusted === undefined || !server.startsWith("https://127.0.0.1:")) return here(ctx);
  const { keptRehearsals } = await import("./kept.ts");
  const isIt = ({ world }: { readonly world?: KeptWorld }): boolean =>
    world?.server === server && lettersOf(world.ca) === lettersOf(trusted);
  const kept = keptRehearsals().find(isIt);
  if (!kept?.world) return here(ctx);
  ctx.emit({ type: "note", level: "info", text: `This is the kept ${kept.name}, on this machine's loopback.` });
  return led(ctx, kept.name, kept.world);
};

const led = async (
  { adapters, env }: Pick<CommandContext, "adapters" | "env">,
  name: Kept["name"],
  { connectTo, surroundings, isStandIn }: KeptWorld,
): Promise<Led> => {
  const ways = surroundings ? throughInternet(adapters, surroundings) : noInternet(adapters, name);
  return {
    ways: { ...ways, createProbe: (options) => ways.createProbe({ ...options, connectTo }) },
    env: envIn(env, surroundings?.env ?? NOWHERE),
    ...(surroundings ? {} : { assertReachable: (config) => assertNoneNeeded(config, name) }),
    ...(isStandIn ? { standIns: (await import("../../sandbox/stand-ins/index.ts")).standIn } : {}),
  };
};

const lettersOf = (pem: string): string => pem.replaceAll(/\s/g, "");
