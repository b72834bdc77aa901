import { describe, expect, it } from "vitest";
import { order, reverse } from "../../src/core/order.ts";

const item = (id: string, ...needs: string[]) => ({ id, needs });
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

describe("order", () => {
  it("takes the first of the given ones whose needs are met", () => {
    expect(ids(order([item("c", "b"), item("a"), item("b"), item("d")]))).toEqual(["a", "b", "c", "d"]);
  });

  it("lets what comes last come last, wherever it stands", () => {
    expect(ids(order([item("a"), item("end", "c"), item("b", "a"), item("c", "a")]))).toEqual(["a", "b", "c", "end"]);
  });

  it("turns the graph round for the goal absent", () => {
    const back = reverse([item("a"), item("b", "a"), item("c", "a"), item("d", "b", "c")]);
    expect(ids(back)[0]).toBe("d");
    expect(ids(back).at(-1)).toBe("a");
    expect(back.find(({ id }) => id === "a")?.needs).toEqual(["b", "c"]);
  });

  it.each([
    [[item("a", "b"), item("b", "a")], "circle"],
    [[item("a", "x")], "does not exist"],
    [[item("a"), item("a")], "twice"],
  ])("refuses %j", (items, message) => {
    expect(() => order(items)).toThrow(message);
  });
});
