import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createPrompts } from "../../src/cli/wizard/prompts.ts";
import type { Asker, TextAsking } from "../../src/cli/wizard/question.ts";
import { Interrupted } from "../../src/ports/error.ts";

const ENTER = "\r";
const CTRL_C = "\u0003";
const DOWN = "\u001b[B";

const person = () => {
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), { isRaw: false, setRawMode: (raw: boolean) => modes.push(raw) });
  const output = new PassThrough();
  let text = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const stop = new AbortController();
  const look = { columns: 80, color: false, unicode: true };
  const asker: Asker = createPrompts({ input, output }, look, {}, stop.signal);
  return { asker, input, stop, modes, shown: () => text };
};

const name: TextAsking = {
  message: "Name?",
  help: "One word.",
  initial: "nobody",
  problem: (text) => (text.includes(" ") ? "It has a blank." : undefined),
};

/** The terminal is handed back: cooked, its cursor shown last, and nobody listens. */
const expectHandedBack = ({ input, modes, shown }: ReturnType<typeof person>): void => {
  expect(modes.at(-1)).toBe(false);
  expect(shown().lastIndexOf("\u001b[?25h")).toBeGreaterThan(shown().lastIndexOf("\u001b[?25l"));
  expect(input.listenerCount("keypress")).toBe(0);
};

/** Once it listens. */
const type = (one: ReturnType<typeof person>, ...keys: readonly string[]): void => {
  one.input.on("newListener", (event) => {
    if (event === "keypress") setImmediate(() => one.input.write(keys.join("")));
  });
};

describe("prompts", () => {
  it("take what is proposed for an empty answer", async () => {
    const one = person();
    type(one, ENTER);
    expect(await one.asker.text(name)).toBe("nobody");
    expect(one.shown()).toContain("✓ Name? nobody");
    expectHandedBack(one);
  });

  it("do not let an answer through that is refused, and lets it be edited", async () => {
    const one = person();
    type(one, "a b", ENTER, "\u007f\u007f", "c", ENTER, "too late");
    expect(await one.asker.text(name)).toBe("ac");
    expect(one.shown()).toContain("✗ It has a blank.");
    expectHandedBack(one);
  });

  it("let one be chosen by arrows, round the end", async () => {
    const choices = ["a", "b", "c"].map((id) => ({ id, title: id, hint: "" }));
    const asking = { message: "Which?", help: "", choices, initial: "b", forms: 2 };
    const one = person();
    type(one, DOWN, DOWN, "\t", "x", ENTER);
    expect(await one.asker.choice(asking)).toEqual({ id: "a", form: 1 });
    expectHandedBack(one);
  });

  it("end with Interrupted on Ctrl-C and at the end of the input", async () => {
    const one = person();
    type(one, "abc", CTRL_C);
    await expect(one.asker.text(name)).rejects.toEqual(new Interrupted("SIGINT"));
    expectHandedBack(one);
    const gone = person();
    gone.input.end();
    await expect(gone.asker.text(name)).rejects.toBeInstanceOf(Interrupted);
    expectHandedBack(gone);
  });

  it("end with the signal's reason", async () => {
    const one = person();
    const reason = new Interrupted("SIGTERM");
    one.input.on("newListener", (event) => {
      if (event === "keypress") setImmediate(() => one.stop.abort(reason));
    });
    await expect(one.asker.text(name)).rejects.toBe(reason);
    expectHandedBack(one);
    await expect(one.asker.text(name)).rejects.toBe(reason);
  });
});
