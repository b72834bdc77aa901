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
  /** As for checks. */
  readonly opensAt?: ReadonlyMap<number, number>;
  /** Throws UserError (exit code 2) where a configuration needs what is not there. Absent: all is there. */
  readonly assertReachable?: (config: Config) => void;
}

/** As everybody reaches it. */
export const here = ({ adapters, env }: Pick<CommandContext, "adapters" | "env">): Led => ({ ways: adapters, env });

type Outside = Pick<CommandContext, "adapters" | "env" | "emit">;
type Cluster = Pick<OpenedCluster, "identity" | "trusted">;

/**
 * As everybody reaches it; for the cluster of a kept rehearsal, and for no other, as its world is reached. A cluster is that one if its
 * address is and it is verified with the CA that this world made for itself: no other cluster can answer then.
 */
export const waysFor = async (ctx: Outside, cluster: Cluster): Promise<Led> => {
  const kept = await keptAt(ctx, cluster);
  return kept ? led(ctx, kept.name, kept.world) : here(ctx);
};

/** The kept rehearsal of which this cluster is, and says so; undefined: of none. */
export const keptAt = async (
  { emit }: Pick<Outside, "emit">,
  { identity: { server }, trusted }: Cluster,
): Promise<{ readonly name: string; readonly world: KeptWorld } | undefined> => {
  if (trusted === undefined || !server.startsWith("https://127.0.0.1:")) return undefined;
  const { keptRehearsals } = await import("./kept.ts");
  for (const { name, world } of keptRehearsals()) {
    if (world?.server !== server || lettersOf(world.ca) !== lettersOf(trusted)) continue;
    emit({ type: "note", level: "info", text: `This is the kept ${name}, on this machine's loopback.` });
    return { name, world };
  }
  return undefined;
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
    opensAt: connectTo,
    ...(surroundings ? {} : { assertReachable: (config) => assertNoneNeeded(config, name) }),
    ...(isStandIn ? { standIns: (await import("../../sandbox/stand-ins/index.ts")).standIn } : {}),
  };
};

const lettersOf = (pem: string): string => pem.replaceAll(/\s/g, "");
