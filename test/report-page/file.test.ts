import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openReportFile } from "../../src/cli/report-page/file.ts";

describe("the file of a report", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-report-"));
  });

  it("is tried before the run, which leaves nothing behind and touches nothing", async () => {
    writeFileSync(join(folder, "a.html"), "old");
    await openReportFile(join(folder, "a.html"), "x");
    await openReportFile(join(folder, "b.html"), "x");
    expect(readdirSync(folder)).toEqual(["a.html"]);
    expect(readFileSync(join(folder, "a.html"), "utf8")).toBe("old");
  });

  it("is written as a whole, through a link to where that leads", async () => {
    mkdirSync(join(folder, "real"));
    writeFileSync(join(folder, "real", "a.html"), "old");
    symlinkSync(join("real", "a.html"), join(folder, "link.html"));
    const file = await openReportFile(join(folder, "link.html"), "x");
    await file.write("new");
    expect(readFileSync(join(folder, "real", "a.html"), "utf8")).toBe("new");
    expect(readdirSync(join(folder, "real"))).toEqual(["a.html"]);
  });

  it.each([
    ["a directory that does not exist", (at: string) => join(at, "no", "a.html"), /the directory does not exist/],
    ["a directory", (at: string) => at, /it is a directory/],
    ["a device", () => "/dev/null", /it is not an ordinary file/],
    ["a file as a directory", (at: string) => join(at, "f", "a.html"), /a part of the path is not a directory/],
    ["a name that is too long", (at: string) => join(at, `${"x".repeat(300)}.html`), /the name is too long/],
  ])("cannot be %s: exit code 2 and why", async (_name, path, reason) => {
    writeFileSync(join(folder, "f"), "");
    await expect(openReportFile(path(folder), "x")).rejects.toMatchObject({
      id: "config.report",
      kind: "input",
      message: expect.stringMatching(reason),
      remedy: { text: expect.stringMatching(/--report|Make the directory/) },
    });
    expect(readdirSync(folder)).toEqual(["f"]);
  });

  it("that could be written then and cannot be now is bad news of its own", async () => {
    const file = await openReportFile(join(folder, "a.html"), "x");
    rmSync(folder, { recursive: true });
    await expect(file.write("new")).rejects.toMatchObject({ id: "report.write", kind: "failed" });
  });
});
