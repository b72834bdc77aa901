import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { describe as nameOf } from "../../src/ports/object.ts";
import type { WorldOptions } from "../../src/sandbox/world.ts";
import { kn, type Outcome, type Stage, stage } from "./cli.ts";
import { type Outside, openOutside } from "./option-sets.ts";

/** A cluster, and what is outside of it. */
export interface Place extends Stage, AsyncDisposable {
  readonly outside: Outside;
  readonly world: Awaited<ReturnType<typeof stage>>;
}

export const openPlace = async (options: WorldOptions = {}): Promise<Place> => {
  const outside = await openOutside();
  const world = await stage({ ...options, certManager: outside.internet.door });
  return {
    ...world,
    world,
    outside,
    internet: outside.internet,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([world.close(), outside.internet.close()]);
    },
  };
};

/** Runs the program there, with stand-ins in place of releases. */
export const runnerIn =
  (place: Place) =>
  (...args: readonly string[]): Promise<Outcome> =>
    kn({ ...place, standIns: true }, args);

/** Every object by its name, but for events. */
export const contentsOf = async ({ kubeconfig }: Stage): Promise<readonly string[]> => {
  const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
  const kinds = (await cluster.resources()).filter(({ verbs, kind }) => verbs.includes("list") && kind !== "Event");
  const lists = await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })));
  cluster.close();
  return lists.flat().map(nameOf).sort();
};

/** Status and summary of each check that a run came to, by its id. */
export const findingsOf = ({ events }: Outcome): Readonly<Record<string, string>> =>
  Object.fromEntries(
    events
      .flatMap(({ findings }) => (Array.isArray(findings) ? findings : []))
      .map(({ id, status, summary }) => [id, `${status}: ${summary}`]),
  );
