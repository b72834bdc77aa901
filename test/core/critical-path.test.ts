import { describe, expect, it } from "vitest";
import { criticalPath, longestChain } from "../../src/core/critical-path.ts";

const step = (id: string, seconds: number, ...needs: readonly string[]) => ({ id, seconds, needs });

it("is the chain of needs that takes longest", () => {
  const graph = [
    step("a", 1),
    step("b", 5, "a"),
    step("c", 2, "a"),
    step("d", 4, "c"),
    step("e", 1, "b", "d"),
    step("alone", 3),
  ];
  expect(criticalPath(graph)).toEqual({ ids: ["a", "c", "d", "e"], seconds: 8 });
});

it("passes over steps that were not run", () => {
  expect(criticalPath([step("b", 2, "gone")])).toEqual({ ids: ["b"], seconds: 2 });
});

describe("the chain that took longest", () => {
  const ran = (id: string, seconds: number, ...needs: readonly string[]) =>
    ({ id, seconds, needs, startedAt: 0, status: "done" }) as const;

  it("leads to what failed, however short that was", () => {
    const steps = [ran("a", 1), ran("b", 9, "a"), { ...ran("c", 0.1, "a"), status: "failed" as const }];
    expect([...longestChain(steps)]).toEqual(["a", "c"]);
  });

  it("has nothing in it that never ran", () => {
    const steps = [ran("a", 1), { ...ran("b", 0, "a"), status: "not started" as const }];
    expect([...longestChain(steps)]).toEqual(["a"]);
    expect(longestChain([{ ...ran("b", 0, "a"), status: "not started" as const }])).toEqual(new Set());
  });
});
