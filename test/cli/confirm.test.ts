import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { confirm } from "../../src/cli/confirm.ts";
import { Interrupted, UserError } from "../../src/ports/error.ts";

/** A terminal that remembers whether it was left in raw mode. */
const terminal = () => {
  const raw: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let asked = "";
  stderr.setEncoding("utf8").on("data", (chunk: string) => {
    asked += chunk;
  });
  const stop = new AbortController();
  return {
    host: { stdin, stderr, signal: stop.signal },
    stop,
    asked: () => asked,
    restored: () => raw.at(-1) === false,
    type: (keys: string) => setImmediate(() => stdin.write(keys)),
  };
};

describe("confirm", () => {
  it.each([
    ["y\r", true],
    ["YES\r", true],
    ["n\r", false],
    ["\r", false],
    ["yep\r", false],
    ["\u0004", false],
  ])("takes %j for %s", async (keys, answer) => {
    const { host, type, asked, restored } = terminal();
    type(keys);
    expect(await confirm("Apply this?", host)).toBe(answer);
    expect(asked()).toContain("Apply this? [y/N] ");
    expect(restored()).toBe(true);
  });

  it("ends with 130 on Ctrl-C, and gives the terminal back", async () => {
    const { host, type, restored } = terminal();
    type("\u0003");
    await expect(confirm("Apply this?", host)).rejects.toMatchObject({ name: "Interrupted", exitCode: 130 });
    expect(restored()).toBe(true);
  });

  it("ends when the run is stopped", async () => {
    const { host, stop, restored } = terminal();
    setImmediate(() => stop.abort(new Interrupted("SIGTERM")));
    await expect(confirm("Apply this?", host)).rejects.toMatchObject({ exitCode: 143 });
    expect(restored()).toBe(true);
    await expect(confirm("Again?", host)).rejects.toMatchObject({ exitCode: 143 });
  });

  it("names the flag where there is no terminal", async () => {
    const { host } = terminal();
    const error = await confirm("Apply this?", { ...host, stdin: new PassThrough() }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ kind: "input" });
    expect((error as UserError).remedy.text).toBe(
      "What it would do is shown above. Give --yes to go ahead without a question.",
    );
  });
});
