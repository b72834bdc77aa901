import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Ask } from "../../src/app/doctor/questions.ts";
import { recorded } from "../../src/app/doctor/recording.ts";

const listOf = (kind: string) => ["list", { apiVersion: "v1", kind }] as const;

/** Refuses each kind after its milliseconds, and answers the others at once. */
const refusing = (after: Readonly<Record<string, number>>): Ask =>
  (async (_asked: string, { kind }: { kind: string }) => {
    const ms = after[kind];
    if (ms === undefined) return [];
    await sleep(ms);
    throw new Error(`${kind} is forbidden`);
  }) as unknown as Ask;

const firstRefusal = (ask: Ask): Promise<string> =>
  Promise.all([
    ask(...listOf("Pod")),
    // What is asked only after another answer counts as much.
    ask(...listOf("Namespace")).then(() => ask(...listOf("Node"))),
    ask(...listOf("Service")),
  ]).then(String, ({ message }) => message);

describe("refusals of several questions at once", () => {
  it.each([[{ Pod: 0, Node: 8, Service: 4 }], [{ Pod: 8, Node: 0, Service: 4 }], [{ Pod: 4, Node: 8, Service: 0 }]])(
    "come in the same order, whichever was first: %j",
    async (after) => {
      expect(await firstRefusal(recorded(refusing(after)).ask)).toBe("Pod is forbidden");
    },
  );

  it("keep back no answer, and no question that comes of them", async () => {
    const { ask } = recorded(refusing({ Pod: 1 }));
    const fallback = ask(...listOf("Pod")).catch(() => ask(...listOf("Node")));
    expect(await Promise.all([fallback, ask(...listOf("Service"))])).toEqual([[], []]);
  });
});
