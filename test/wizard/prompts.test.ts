import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createPrompts } from "../../src/cli/wizard/prompts.ts";
import { type Asker, type TextAsking, WentBack } from "../../src/cli/wizard/question.ts";
import { Interrupted } from "../../src/ports/error.ts";

const ENTER = "\r";
const CTRL_C = "\u0003";
const SHIFT_TAB = "\u001b[Z";
const ESCAPE = "\u001b";
const BACKSPACE = "\u007f";
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

  it("show of an answer what is kept of it", async () => {
    const one = person();
    type(one, "NoBody", ENTER);
    expect(await one.asker.text({ ...name, kept: (text) => text.toLowerCase() })).toBe("nobody");
    expect(one.shown()).toContain("✓ Name? nobody");
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

  it("take the number of a line, and the letter that it begins with", async () => {
    const choices = ["Kourier", "Istio", "Inside"].map((title) => ({ id: title, title, hint: "" }));
    const asking = { message: "Which?", help: "", choices, initial: "Kourier", forms: 1 };
    const chosen = async (...keys: readonly string[]): Promise<string> => {
      const one = person();
      type(one, ...keys, ENTER);
      return (await one.asker.choice(asking)).id;
    };
    expect(await chosen("3")).toBe("Inside");
    expect(await chosen("9")).toBe("Kourier");
    expect(await chosen("i")).toBe("Istio");
    expect(await chosen("I", "i")).toBe("Inside");
  });

  it("show both forms, the other one behind the key that leads there", async () => {
    const choices = [{ id: "a", title: "A", hint: "" }];
    const live = (_id: string, form: number): string => ["flat", "nested"][form] ?? "";
    const one = person();
    type(one, ENTER);
    await one.asker.choice({ message: "Which?", help: "", choices, initial: "a", forms: 2, live });
    expect(one.shown()).toMatch(/ {2}flat\n {2}Tab: nested\n/);
  });

  it("go back on Shift-Tab and Escape where there is a question before, and nowhere else", async () => {
    for (const key of [SHIFT_TAB, ESCAPE]) {
      const one = person();
      type(one, "abc", key);
      await expect(one.asker.text({ ...name, canGoBack: true })).rejects.toBeInstanceOf(WentBack);
      expectHandedBack(one);
    }
    const first = person();
    type(first, SHIFT_TAB, "x", ENTER);
    expect(await first.asker.text(name)).toBe("x");
  });

  it("tell the place of a question", async () => {
    const one = person();
    type(one, ENTER);
    await one.asker.text({ ...name, place: async () => ({ number: 2, of: 5 }) });
    expect(one.shown()).toContain("Name? (2 of 5)");
  });

  it("take away what people take for one character", async () => {
    const one = person();
    type(one, "日e\u0301🇩🇪", BACKSPACE, BACKSPACE, "本", ENTER);
    expect(await one.asker.text(name)).toBe("日本");
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
