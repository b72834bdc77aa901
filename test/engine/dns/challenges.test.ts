import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { challengesIn, type DnsStage, DOMAIN, dnsStage } from "./stage.ts";

const CHALLENGE = {
  kind: "challenge",
  action: "create",
  zone: { name: "example.com" },
  names: ["_acme-challenge.apps"],
  fields: [{ path: `_acme-challenge.${DOMAIN} TXT`, to: expect.stringContaining("the value that the CA asks for") }],
};

describe("challenges are changes of the plan", () => {
  let world: DnsStage;
  beforeAll(async () => {
    world = await dnsStage();
  });
  afterAll(() => world.close());

  it("in the JSON, on the page and in the text, and they are gone after the run", async () => {
    const page = join(mkdtempSync(join(tmpdir(), "challenges-")), "page.html");
    const way = ["--dns", "route53", "--domain", DOMAIN, ...world.letsEncrypt];
    const json = await world.run("plan", ...way, "-o", "json");
    const plan = json.events.find(({ type }) => type === "plan") as unknown as {
      readonly steps: readonly { readonly step: string; readonly changes: readonly object[] }[];
    };
    const changes = plan.steps.find(({ step }) => step === "certificate")?.changes;
    expect(changes).toEqual([
      expect.objectContaining({ ...CHALLENGE, zone: expect.objectContaining(CHALLENGE.zone) }),
      expect.objectContaining({ kind: "certificate" }),
    ]);

    const install = await world.runWith({ env: { COLUMNS: "400" } }, "install", "--yes", ...way, "--report", page);
    expect(install.code, install.stderr).toBe(0);
    expect(`${install.stdout}${install.stderr}`).toMatch(
      /\+ challenge records in zone example\.com \(\w+\) \(temporary: removed at the end of the run\)\n\s+\+ _acme-challenge\.apps\.example\.com TXT: "\(known after apply: the value that the CA asks for\)"/,
    );
    expect(readFileSync(page, "utf8")).toContain("challenge records in zone example.com");
    expect(challengesIn(world)).toEqual([]);
  });
});
