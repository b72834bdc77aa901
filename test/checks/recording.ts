import type { HealthContext, Reading } from "../../src/checks/health-check.ts";
import type { ClusterRead, ClusterWrite } from "../../src/ports/cluster.ts";
import { groupOf, type KubeObject } from "../../src/ports/object.ts";

/** What goes wrong with what is read. */
export interface Meddling {
  /** Throws in place of an answer. */
  readonly refuse?: (reading: Reading) => void;
  /** What is answered in an object's place; undefined: it is not there. */
  readonly change?: (object: KubeObject) => KubeObject | undefined;
}

const readingOf = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): Reading =>
  `${kind}${groupOf(apiVersion) ? `.${groupOf(apiVersion)}` : ""}` as Reading;

/** The same context; what is looked at through it is noted, and may be meddled with. Whoever writes is noted too, and gets nowhere. */
export const recording = (
  ctx: HealthContext,
  { refuse = () => {}, change = (object) => object }: Meddling = {},
): { readonly ctx: HealthContext; readonly readings: ReadonlySet<Reading>; readonly writes: readonly string[] } => {
  const readings = new Set<Reading>();
  const writes: string[] = [];
  const note = (reading: Reading): void => {
    readings.add(reading);
    refuse(reading);
  };
  const { cluster } = ctx;
  const reads: ClusterRead = {
    ...cluster,
    version: async () => {
      note("version");
      return cluster.version();
    },
    get: async (ref) => {
      note(readingOf(ref));
      const found = await cluster.get(ref);
      return found && change(structuredClone(found));
    },
    list: async (query) => {
      note(readingOf(query));
      return (await cluster.list(query)).flatMap((object) => change(structuredClone(object)) ?? []);
    },
  };
  const writing = ["apply", "mergePatch", "create", "replace", "remove", "dryRun"] satisfies (keyof ClusterWrite)[];
  const guarded = Object.fromEntries(
    writing.map((name) => [
      name,
      async () => {
        writes.push(name);
        throw new Error(`a check wrote: ${name}`);
      },
    ]),
  );
  const { resolver } = ctx;
  return {
    readings,
    writes,
    ctx: {
      ...ctx,
      cluster: { ...reads, ...guarded },
      probe: async (request) => {
        note("probe");
        return ctx.probe(request);
      },
      ...(resolver
        ? {
            resolver: {
              ...resolver,
              ask: async (...question) => {
                note("dns");
                return resolver.ask(...question);
              },
              askServer: async (...question) => {
                note("dns");
                return resolver.askServer(...question);
              },
            },
          }
        : {}),
    },
  };
};
