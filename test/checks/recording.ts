import { type HealthContext, isOpen, type Reading } from "../../src/checks/health-check.ts";
import type { PlanContext } from "../../src/checks/plan/context.ts";
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

/** What a check reads is shared by all of them: whoever changes it fails. */
const frozen = <T>(value: T): T => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
};

/** The same context; what is looked at through it is noted, and may be meddled with. Whoever writes is noted too, and gets nowhere. */
export const recording = <C extends HealthContext>(
  ctx: C,
  { refuse = () => {}, change = (object) => object }: Meddling = {},
): { readonly ctx: C; readonly readings: ReadonlySet<Reading>; readonly writes: readonly string[] } => {
  const readings = new Set<Reading>();
  const writes: string[] = [];
  const note = (reading: Reading): void => {
    readings.add(reading);
    refuse(reading);
  };
  /** The same function, noted. */
  const noting =
    <A extends readonly unknown[], R>(reading: Reading, work: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      note(reading);
      return work(...given);
    };
  const { cluster, resolver, records, createAuthority, dryRun } = ctx;
  const { directory } = ctx as Partial<PlanContext>;
  const reads: ClusterRead = {
    ...cluster,
    version: noting("version", cluster.version),
    can: noting("rights", cluster.can),
    canEach: noting("rights", cluster.canEach),
    account: noting("rights", cluster.account),
    logs: noting("logs", cluster.logs),
    get: async (ref) => {
      note(readingOf(ref));
      const found = await cluster.get(ref);
      return found && change(frozen(found));
    },
    list: async (query) => {
      note(readingOf(query));
      return (await cluster.list(query)).flatMap((object) => change(frozen(object)) ?? []);
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
  return {
    readings,
    writes,
    ctx: {
      ...ctx,
      cluster: { ...reads, ...guarded },
      probe: noting("probe", ctx.probe),
      ...(ctx.skewMs ? { skewMs: noting("clock", ctx.skewMs) } : {}),
      ...(resolver
        ? {
            resolver: {
              ...resolver,
              ask: noting("dns", resolver.ask),
              askUnchecked: noting("dns", resolver.askUnchecked),
              askServer: noting("dns", resolver.askServer),
            },
          }
        : {}),
      ...(dryRun ? { dryRun: noting("trial", dryRun) } : {}),
      ...(createAuthority
        ? {
            createAuthority: async (options) => {
              const authority = await createAuthority(options);
              return {
                ...authority,
                directory: noting("authority", authority.directory),
                renewalInfo: noting("authority", authority.renewalInfo),
              };
            },
          }
        : {}),
      ...(directory ? { directory: noting("authority", directory) } : {}),
      ...(records
        ? {
            records: async () => {
              const opened = await records();
              if (!isOpen(opened)) return opened;
              const { zones, places } = opened;
              return {
                ...opened,
                zones: {
                  find: noting("records", zones.find),
                  get: noting("records", zones.get),
                  list: noting("records", zones.list),
                  rehearse: noting("trial", zones.rehearse),
                },
                places: {
                  challenge: noting("dns", places.challenge),
                  record: noting("dns", places.record),
                  caa: noting("dns", places.caa),
                },
              };
            },
          }
        : {}),
    },
  };
};
