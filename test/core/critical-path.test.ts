import { expect, it } from "vitest";
import { criticalPath } from "../../src/core/critical-path.ts";

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
