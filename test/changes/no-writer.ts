import type { Tools } from "../../src/app/tools.ts";
import type { BaseTools } from "../../src/changes/kind.ts";
import type { Step } from "../../src/changes/step.ts";
import type { CommandContext } from "../../src/cli/context.ts";
import type { Check, ReadContext } from "../../src/core/check.ts";
import { ok } from "../../src/core/check.ts";
import type { IssueTools } from "../../src/kube/store.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import type { SealedCluster } from "../../src/ports/sealed.ts";
import type { Zone } from "../../src/ports/zones.ts";

// What is said here is said to the compiler: each line below an expectation writes, and must not compile where it stands.

const object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "example" } };
const manager = { manager: "kn-bootstrap" };

export const steps = (tools: Tools): readonly Step[] => [
  {
    id: "writes",
    title: "",
    undo: "",
    needs: [],
    verify: [],
    plan: async (ctx) => {
      // @ts-expect-error: a step gets no cluster
      await ctx.cluster.apply(object, manager);
      // @ts-expect-error: a snapshot is read
      await ctx.live.apply(object, manager);
      // @ts-expect-error: the tools that a step may close over hold no writer
      await tools.cluster.apply(object, manager);
      return [];
    },
  },
];

export const check: Check = {
  id: "example.writes",
  title: "",
  run: async (ctx) => {
    // @ts-expect-error: a check reads
    await ctx.cluster.apply(object, manager);
    // @ts-expect-error: a check does not even ask what a write would do
    await ctx.cluster.dryRun(object, manager);
    // @ts-expect-error: nor what is too much to be followed
    await ctx.unwatched?.remove({ ...object, name: "example" }, {});
    return ok("");
  },
};

/** As `src/app/status.ts` and a command of `src/cli/` might. */
export const uses = async ({ cluster }: Tools, { adapters, config }: CommandContext): Promise<void> => {
  await cluster.dryRun(object, manager);
  // @ts-expect-error: the writer is sealed
  await cluster.apply(object, manager);
  // @ts-expect-error: the lock is the engine's
  await cluster.lease.create(object, "kn-bootstrap");
  // @ts-expect-error: and so is what it guards
  cluster.guarded(async () => {});
  const opened = await adapters.openCluster(config, {} as never);
  // @ts-expect-error: as it comes from the adapters it is sealed
  await opened.mergePatch({ ...object, name: "example" }, {}, "kn-bootstrap");
};

export const issue = async ({ cluster }: IssueTools): Promise<void> => {
  // @ts-expect-error: whoever works with a CA may store and forget
  await cluster.apply(object, manager);
};

/** Zones are sealed as the cluster is: records are tried, not written. */
export const records = async ({ zones }: Tools, zone: Zone): Promise<void> => {
  await zones?.rehearse(zone, []);
  // @ts-expect-error: only the engine writes records
  await zones?.change(zone, []);
  // @ts-expect-error: or takes them away
  await zones?.withdraw(zone, []);
};

/** Whoever carries out a change holds the writer; nobody else can hand in one. */
export const kinds = async ({ cluster }: BaseTools, reading: ReadContext, sealed: SealedCluster): Promise<void> => {
  await cluster.apply(object, manager);
  // @ts-expect-error: a reader is no writer
  const first: BaseTools["cluster"] = reading.cluster;
  // @ts-expect-error: a sealed one neither
  const second: BaseTools["cluster"] = sealed;
  await Promise.all([first.version(), second.version()]);
};
