import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kn, type Stage, stage } from "../engine/cli.ts";

// Run only where the recipe of CONTRIBUTING.md was followed: elsewhere there is no such issuer.

type Args = readonly string[];

const certificatesIn = (events: readonly Record<string, unknown>[]): readonly string[] => {
  const plan = events.find(({ type }) => type === "plan") as
    | { readonly steps: readonly { readonly changes: readonly { kind: string; reason?: string; issuer?: string }[] }[] }
    | undefined;
  const changes = (plan?.steps ?? []).flatMap((step) => step.changes);
  return changes.flatMap(({ kind, reason, issuer }) => (kind === "certificate" ? [`${issuer}: ${reason}`] : []));
};

describe("an issuer that is no ACME CA and that nothing but its own file knows", () => {
  let world: Stage & Awaited<ReturnType<typeof stage>>;
  const run = (...args: Args) => kn(world, args);
  const planned = async (...args: Args) => certificatesIn((await run("plan", "-o", "json", ...args)).events);
  const rootIn = (name: string): string =>
    String(world.api.get({ apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name })?.data["tls.crt"]);

  beforeAll(async () => {
    world = { ...(await stage()), standIns: true };
    expect((await run("install", "--yes")).code).toBe(0);
  });
  afterAll(() => world.close());

  it("takes over from another one, and says which root is to be imported and who renews", async () => {
    expect(await planned("--tls", "example-root")).toEqual([
      "the example root: the one that is there is from another CA",
    ]);
    const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-root-"));
    const file = join(folder, "root.crt");
    const { code, stdout, stderr } = await run("install", "--yes", "--tls", "example-root", "--save-root", file);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    const stored = Buffer.from(rootIn("example-root"), "base64").toString("utf8");
    expect((await readFile(file, "utf8")).trim()).toBe(stored.trim());
    await rm(folder, { recursive: true });
    expect(stdout).toContain(file);
    expect(stdout).toMatch(/Nobody renews the certificate: it is due on .* Let a CronJob do it \(/s);
    expect(stdout).toContain("kn-bootstrap renew --install-cronjob --image IMAGE\n");
  });

  it("changes nothing when it is asked again", async () => {
    expect(await planned()).toEqual([]);
  });

  it("is in status: who renews, and when", async () => {
    const { events } = await run("status", "-o", "json");
    expect(events.find(({ type }) => type === "status")?.renewal).toEqual({
      by: "nobody",
      due: expect.stringMatching(/^\d{4}-/),
    });
    const { stdout } = await run("status");
    expect(stdout.replace(/\s+/g, " ")).toMatch(
      /Renewal nobody: run kn-bootstrap renew, or renew --install-cronjob; due \d{4}-\d\d-\d\d [A-Z]/,
    );
  });

  it("is not asked before it is due, and makes another one when its root is gone", async () => {
    expect((await run("renew", "--yes")).stderr).toMatch(/Not due before/);
    await world.api.remove({
      apiVersion: "v1",
      kind: "Secret",
      namespace: "kn-bootstrap",
      name: "example-root",
    });
    expect(await planned()).toEqual(["the example root: its root, Secret kn-bootstrap/example-root, is gone"]);
  });

  it("makes way for the one before", async () => {
    expect(await planned("--tls", "self-signed")).toEqual([
      "a root of this cluster: the one that is there is from another CA",
    ]);
  });

  it("needs nothing of the DNS", async () => {
    expect((await run("plan", "--tls", "example-root", "--domain", "example.com", "--dns", "none")).code).toBe(0);
  });
});
