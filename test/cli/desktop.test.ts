import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openerOf, openUrl } from "../../src/cli/desktop/desktop.ts";

const URL = "https://hello-default.example.com:31443";

describe("opening a URL", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-desktop-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ["darwin", {}, ["open"]],
    ["win32", {}, ["rundll32", "url.dll,FileProtocolHandler"]],
    ["linux", { DISPLAY: ":0" }, ["xdg-open"]],
    ["linux", { WAYLAND_DISPLAY: "wayland-0" }, ["xdg-open"]],
    ["linux", {}, undefined],
  ])("on %s with %j is done by %j", (platform, env, opener) => {
    expect(openerOf(platform, env)).toEqual(opener);
  });

  it("hands it to what the desktop has for that", async () => {
    const told = join(folder, "told");
    await writeFile(join(folder, "xdg-open"), `#!/bin/sh\necho "$@" > '${told}'\n`);
    await chmod(join(folder, "xdg-open"), 0o755);
    expect(await openUrl(URL, "linux", { DISPLAY: ":0", PATH: `${folder}:${process.env.PATH}` })).toBe(true);
    await vi.waitFor(async () => expect(await readFile(told, "utf8")).toBe(`${URL}\n`), 5_000);
  });

  it("is not done where there is no desktop, or nothing on it that does", async () => {
    expect(await openUrl(URL, "linux", { PATH: process.env.PATH })).toBe(false);
    expect(await openUrl(URL, "linux", { DISPLAY: ":0", PATH: join(folder, "nothing") })).toBe(false);
  });
});
