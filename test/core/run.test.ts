import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { RecordsChange } from "../../src/changes/index.ts";
import { type RunTools, run } from "../../src/changes/run.ts";
import type { Step } from "../../src/changes/step.ts";
import { UserError } from "../../src/ports/error.ts";
import { sh } from "../../src/ports/shell.ts";

const zone = { id: "Z", name: "example.com", isPrivate: false, nameServers: [] };

/** A step that publishes one record. */
const publishing = (name: string): Step => {
  const change: RecordsChange = {
    kind: "records",
    action: "create",
    zone,
    sets: [{ to: { name, type: "A", ttl: 60, values: ["192.0.2.1"] } }],
    conflicts: [],
    shadows: [],
  };
  return { id: name, title: `Publish ${name}`, undo: "", needs: [], plan: async () => [change], verify: [] };
};

it("says what people have to do in the order of the steps, whoever asked first", async () => {
  const steps = [publishing("slow"), publishing("quick")];
  const plans = await Promise.all(
    steps.map(async ({ id, title, plan }) => ({ step: id, title, changes: await plan({} as never), notes: [] })),
  );
  const tools = {
    signal: new AbortController().signal,
    timeoutMs: 5_000,
    emit: () => {},
    cluster: {},
    zones: {
      change: async (_zone: unknown, [change]: RecordsChange["sets"]) => {
        const name = change?.to?.name ?? "";
        if (name === "slow") await sleep(30);
        throw new UserError({
          id: "dns.publish",
          what: "Publish.",
          remedy: { text: "", command: sh`${name}` },
          kind: "unseen",
        });
      },
    },
  } as unknown as RunTools;
  const report = await run({ goal: "present", steps: plans }, steps, tools);
  expect(report.error).toMatchObject({ kind: "unseen", remedy: { command: "slow\nquick" } });
});
