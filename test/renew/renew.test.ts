import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspect } from "../../src/certificates/secret.ts";
import { WILDCARD } from "../../src/certificates/served.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import { kn, stage } from "../engine/cli.ts";

describe("renew", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let internet: Internet;
  const served = () => inspect(world.api.get({ ...WILDCARD, namespace: "kn-bootstrap" }));
  const run = (...args: string[]) => kn({ ...world, standIns: true, internet }, args);
  const choices = () => [
    ...["--dns", "route53", "--domain", "apps.example.com"],
    ...["--acme-directory", internet.acme.directory],
  ];

  beforeAll(async () => {
    [world, internet] = await Promise.all([stage(), startInternet({ zones: ["example.com"] })]);
    const installed = await run("install", "--yes", "-o", "json", ...choices());
    expect(installed.code, installed.stderr).toBe(0);
  });
  afterAll(async () => {
    await world.close();
    await internet.close();
  });

  it("does nothing before the CA's window, and says when", async () => {
    const before = served()?.serial;
    const { code, stderr } = await run("renew", "--yes");
    expect({ code, serial: served()?.serial }).toEqual({ code: 0, serial: before });
    expect(stderr).toMatch(/Not due before \d{4}-/);
  });

  it("replaces the certificate when the CA asks for it, and the gateway serves the new one", async () => {
    const before = served()?.serial ?? "";
    internet.acme.moveRenewal(before);
    const { code, stderr } = await run("renew", "--yes");
    expect(code, stderr).toBe(0);
    expect(served()?.serial).not.toBe(before);
    expect(internet.acme.orders().at(-1)?.replaces).toBeDefined();
    // That a Service starts from zero does not depend on the certificate: it is neither waited for nor forgotten.
    expect(stderr).not.toContain("from zero");
    const plan = await run("plan", "--exit-code", ...choices());
    expect(plan.code, plan.stdout).toBe(0);
  });

  it("gives the account a new key, with which the next certificate is ordered", async () => {
    const page = join(mkdtempSync(join(tmpdir(), "roll-")), "page.html");
    const { code, stdout, stderr } = await run("renew", "--roll-account-key", "--yes", "--report", page);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("Changed 1 account.");
    expect(readFileSync(page, "utf8")).toMatch(/Account at \S+: a new key/);
    internet.acme.moveRenewal(served()?.serial ?? "");
    expect((await run("renew", "--yes")).code).toBe(0);
    expect(internet.acme.accounts()).toHaveLength(1);
  });
});
