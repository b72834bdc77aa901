import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandFlags } from "../../config/options.ts";
import type { RecordsTask } from "../../ports/facts.ts";
import { type Internet, startInternet } from "../../sandbox/internet.ts";
import { balancerFor, startWorld, type World, type WorldOptions } from "../../sandbox/world.ts";
import { doAsAsked, surroundingsOf } from "../rehearsed-internet.ts";
import type { KeptWorld } from "./kept.ts";

/** What world is asked for: data, so that another process can have it. */
export interface WorldSpec extends Pick<WorldOptions, "name" | "version" | "nodes" | "cloud" | "loadBalancer"> {
  /** What is wrong in it from the beginning. */
  readonly faults: readonly string[];
  /** Somebody else's Istio that is in it. */
  readonly existingIstio?: CommandFlags["existingIstio"];
  /** Releases are stand-ins. */
  readonly isStandIn: boolean;
  /** By how many days everything is late that dates a certificate, until {@link Hosted.toPresent}. */
  readonly daysAgo: number;
  /** The zone that is written to; absent: it has no name servers and no CA. */
  readonly zone?: string | undefined;
}

/** A world that stands, with its kubeconfig in its folder. */
export interface Hosted {
  readonly reached: KeptWorld;
  /** Does what a person is asked for. */
  readonly asPerson: (task: RecordsTask) => void;
  /** What was installed so far is in the past: from now on it is today there. Resolves when it knows. */
  readonly toPresent: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Now, so many days ago. */
export const before = (days: number): Date => new Date(Date.now() - days * 86_400_000);

export const kubeconfigIn = (folder: string): string => join(folder, "kubeconfig");

/** Starts it in this process. */
export const host = async (
  { zone, existingIstio, isStandIn, daysAgo, ...spec }: WorldSpec,
  folder: string,
  onRequest?: WorldOptions["onRequest"],
): Promise<Hosted> => {
  const closings: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => void (await Promise.all(closings.map((end) => end())));
  try {
    let late = daysAgo;
    const internet = await internetFor(zone, spec, () => before(late));
    if (internet) closings.push(internet.close);
    const world = await startWorld({
      ...spec,
      pace: 60,
      ...(internet ? { certManager: internet.door, outside: internet } : {}),
      ...(onRequest ? { onRequest } : {}),
    });
    closings.push(world.close);
    if (existingIstio !== undefined) await bringIstio(existingIstio, world);
    await writeFile(kubeconfigIn(folder), world.kubeconfig, { mode: 0o600 });
    const { url: server, ca } = world.api;
    return {
      reached: {
        server,
        ca,
        connectTo: world.connectTo,
        isStandIn,
        ...(internet ? { surroundings: surroundingsOf(internet) } : {}),
      },
      toPresent: async () => {
        late = 0;
      },
      asPerson: (task) => internet && doAsAsked(internet, task),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Where load balancers have names, there is a DNS that knows them. */
const internetFor = async (
  zone: string | undefined,
  spec: Parameters<typeof balancerFor>[0],
  now: () => Date,
): Promise<Internet | undefined> => {
  const balancer = balancerFor(spec);
  const hosts = typeof balancer === "string" ? [] : [[balancer.hostname, ["127.0.0.1"]] as const];
  if (zone === undefined && hosts.length === 0) return undefined;
  return startInternet({ zones: zone === undefined ? [] : [zone], hosts: new Map(hosts), acme: { now } });
};

const bringIstio = async (
  shape: NonNullable<WorldSpec["existingIstio"]>,
  { api }: Pick<World, "api">,
): Promise<void> => {
  const { bring, shapeObjects } = await import("../../sandbox/istio/shapes/index.ts");
  await bring(api, shapeObjects(shape));
};
