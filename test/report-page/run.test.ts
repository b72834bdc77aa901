import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportPage } from "../../src/cli/report-page/page.ts";
import { Interrupted } from "../../src/ports/error.ts";
import { type DnsStage, DOMAIN, dnsStage } from "../engine/dns/stage.ts";
import { type Browser, chromium, startBrowser } from "./chromium.ts";
import { failedRun } from "./recordings.ts";

if (!chromium) process.stderr.write("skipped: chromium is not on PATH; nobody looks at the report page\n");

const folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-report-"));
const at = (name: string): string => join(folder, `${name}.html`);
const textOf = (name: string): string =>
  readFileSync(at(name), "utf8")
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, "")
    .replaceAll("<wbr>", "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");

describe("--report", () => {
  let world: DnsStage;
  let browser: Browser;
  let stop: AbortController | undefined;
  let writes = 0;
  const install = (name: string, ...more: string[]) => {
    const args = ["install", "--yes", "--knative-version", "1.23", "--domain", DOMAIN, "--dns", "route53"];
    const options = stop ? { signal: stop.signal } : {};
    return world.runWith(options, ...args, ...world.letsEncrypt, "--report", at(name), ...more);
  };

  beforeAll(async () => {
    writeFileSync(at("failed"), reportPage(failedRun()));
    if (chromium) browser = await startBrowser(chromium);
    world = await dnsStage({
      world: {
        onRequest: ({ method, path, query }) => {
          if (!["GET", "HEAD"].includes(method) && !query?.dryRun && !/reviews$/.test(path)) writes += 1;
          if (writes === 20) stop?.abort(new Interrupted("SIGINT"));
          return undefined;
        },
      },
    });
  });
  afterAll(() => Promise.all([world?.close(), browser?.close()]));

  it("that cannot be written ends it before anything is asked of anybody", async () => {
    const outcome = await install("no/such/folder");
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(
      /The report cannot be written to\s.*:\s+the\s+directory\s+does\s+not\s+exist.*mkdir -p /s,
    );
    expect(outcome.stats.requests).toBe(0);
  });

  it("tells of a run that was interrupted what is known of it", async () => {
    stop = new AbortController();
    const outcome = await install("interrupted");
    stop = undefined;
    expect(outcome.code).toBe(130);
    expect(textOf("interrupted")).toMatch(/– Interrupted After .* of \d+ steps done.*Run the same command again/);
    expect(textOf("interrupted")).toMatch(/Exit code 130/);
  });

  it("tells of a whole run: records, address, certificate, Serving, what is next", async () => {
    const outcome = await install("done");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr.replace(/\s+/g, "")).toContain(`Thereportofthisrunisin${at("done")}.`);
    const text = textOf("done");
    expect(text).toMatch(/✓ Done \d+ steps in/);
    expect(text).toMatch(/Zone: example\.com \(Z\w+\)/);
    expect(text).toMatch(/\*\.apps\.example\.com A: [\d.]+ \(TTL 300 s\)/);
    expect(text).toMatch(/Names \*\.apps\.example\.com Issuer .* Valid until \d{4}-\d\d-\d\d .* days left/);
    expect(text).toContain("kn service create hello");
    expect(text).toContain("every Deployment available");
    expect(readFileSync(at("done"), "utf8").length).toBeLessThan(100_000);
    expect(readdirSync(folder).filter((name) => !name.endsWith(".html"))).toEqual([]);
  });

  it("tells that there was nothing to do, and in JSON where the page is", async () => {
    const outcome = await install("idle", "-o", "json");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(textOf("idle")).toMatch(/Nothing to do Everything is as it should be\. .*DNS ✓ in place/);
    expect(outcome.events.at(-1)).toMatchObject({ type: "note", text: expect.stringContaining(at("idle")) });
  });

  it("of a command that cannot have one does nothing in the environment", async () => {
    const outcome = await world.runWith({ env: { KN_BOOTSTRAP_REPORT: at("status") } }, "status");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(existsSync(at("status"))).toBe(false);
  });

  describe.skipIf(!chromium)("in Chromium", () => {
    /** For people: the pictures are kept there. */
    const shots = process.env.KN_TEST_SCREENSHOTS;

    it.each(["done", "interrupted", "failed"])(
      "loads without a complaint and fits from 320 pixels on, light and dark (%s)",
      async (name) => {
        expect(await browser.open(at(name))).toEqual([]);
        const grounds = new Set<string>();
        for (const sight of [
          { width: 1280, scheme: "light" },
          { width: 1280, scheme: "dark" },
          { width: 768, scheme: "light" },
          { width: 420, scheme: "light" },
          { width: 320, scheme: "dark" },
        ] as const) {
          const picture = await browser.screenshot(sight);
          expect(picture.subarray(1, 4).toString()).toBe("PNG");
          if (shots) {
            mkdirSync(shots, { recursive: true });
            writeFileSync(join(shots, `${name}-${sight.scheme}-${sight.width}.png`), picture);
          }
          expect(await browser.ask("document.documentElement.scrollWidth")).toBeLessThanOrEqual(sight.width);
          grounds.add(await browser.ask("getComputedStyle(document.body).backgroundColor"));
        }
        expect(grounds.size).toBe(2);
      },
    );

    it("keeps texts within their boxes, and commands within the page", async () => {
      await browser.open(at("done"));
      for (const width of [320, 420, 768, 1280]) {
        await browser.screenshot({ width });
        const wider = `[...document.querySelectorAll(".fact, .leads, pre")].filter((one) => one.scrollWidth > one.clientWidth)`;
        expect(await browser.ask(`${wider}.map((one) => one.textContent)`), String(width)).toEqual([]);
      }
    });

    it("copies a command by its button", async () => {
      await browser.open(at("done"));
      const copied = await browser.ask<string[]>(`(async () => {
        const copied = [];
        navigator.clipboard.writeText = async (text) => copied.push(text);
        const button = document.querySelector("ol.next .command button");
        button.click();
        await new Promise((resolve) => setTimeout(resolve));
        return [...copied, button.textContent];
      })()`);
      expect(copied).toEqual([expect.stringMatching(/^(kn|kubectl) /), "Copied"]);
    });

    it("prints in light colours, with the plan open", async () => {
      await browser.open(at("done"));
      await browser.screenshot({ width: 800, scheme: "dark", media: "print" });
      expect(await browser.ask("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
      expect(
        await browser.ask(
          "document.querySelector('details ul.changes').checkVisibility({ contentVisibilityAuto: true })",
        ),
      ).toBe(true);
      expect(await browser.ask("document.querySelector('details').getBoundingClientRect().height > 50")).toBe(true);
    });
  });

  it("tells of an uninstall what was removed", async () => {
    const outcome = await world.run("uninstall", "--yes", "--report", at("gone"));
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(textOf("gone")).toMatch(/kn-bootstrap uninstall ✓ Done .* 0 to create, 0 to update, \d+ to delete/);
  });
});
