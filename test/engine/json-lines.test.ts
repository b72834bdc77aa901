import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspect } from "../../src/certificates/secret.ts";
import { WILDCARD } from "../../src/certificates/served.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import { kn, type Outcome, stage } from "./cli.ts";

/** What `-o json` says in all kinds of runs. That each line is as the schema says is seen to by `kn`. */
describe("lines of -o json", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let internet: Internet;
  const seen = new Set<unknown>();
  const run = async (...args: string[]): Promise<Outcome> => {
    const outcome = await kn({ ...world, standIns: true, internet }, [...args, "-o", "json"]);
    for (const { type, v } of outcome.events) {
      seen.add(type);
      expect(v).toBe(1);
    }
    return outcome;
  };
  const choices = () => [
    ...["--dns", "route53", "--domain", "apps.example.com"],
    ...["--acme-directory", internet.acme.directory],
  ];
  interface Shown {
    readonly fields?: readonly unknown[];
    readonly object?: { readonly kind: string };
  }
  const changesIn = ({ events }: Outcome): readonly Shown[] => {
    const steps = (events.find(({ type }) => type === "plan")?.steps ?? []) as { readonly changes: readonly Shown[] }[];
    return steps.flatMap(({ changes }) => changes);
  };

  beforeAll(async () => {
    [world, internet] = await Promise.all([stage(), startInternet({ zones: ["example.com"] })]);
  });
  afterAll(async () => {
    await world.close();
    await internet.close();
  });

  it("of a plan for an empty cluster say of every change what differs", async () => {
    expect((await run("status")).events.at(-1)).toMatchObject({ type: "status", problems: [] });
    const changes = changesIn(await run("plan", ...choices()));
    expect(changes.length).toBeGreaterThan(70);
    const without = changes.filter(({ fields = [] }) => fields.length === 0);
    // All that these say is that they are there.
    expect(without.map(({ object }) => object?.kind)).toEqual([]);
  });

  it("of an install say what was done and found, and the report says it again", async () => {
    const { code, stderr, events } = await run("install", "--yes", ...choices());
    expect(code, stderr).toBe(0);
    const steps = events.find(({ type }) => type === "report")?.steps as Record<string, unknown>[];
    const proof = steps.find(({ id }) => id === "proof");
    expect(proof).toMatchObject({
      status: "done",
      made: expect.any(Array),
      summary: expect.stringContaining(" answers 200"),
    });
    expect(proof?.made).toHaveLength(proof?.changes as number);
    const done = events.find(({ type, step }) => type === "step-done" && step === "proof");
    expect(done?.findings).toEqual(proof?.findings);
  });

  it("of status, renew and uninstall, and of commands that are refused", async () => {
    expect((await run("status", "--services")).events.at(-1)).toMatchObject({ type: "status", services: [] });
    expect((await run("renew", "--check")).events.some(({ type }) => type === "check")).toBe(true);
    expect((await run("renew", "--yes")).events.some(({ type }) => type === "note")).toBe(true);
    internet.acme.moveRenewal(inspect(world.api.get({ ...WILDCARD, namespace: "kn-bootstrap" }))?.serial ?? "");
    expect((await run("renew", "--yes")).code).toBe(0);
    expect((await run("plan", "--tls", "selfsigned")).events).toMatchObject([{ type: "error", exitCode: 2 }]);
    expect((await run("uninstall", "--yes", "--purge")).code).toBe(0);
    const asked = await run("install", "--yes", "--dns", "manual", ...choices().slice(2));
    expect(asked.code, asked.stderr).toBe(3);
    const records = [{ type: "A", values: ["127.0.0.1"] }, { type: "TXT" }];
    expect(asked.events.at(-1)).toMatchObject({ type: "error", id: "dns.publish", facts: { records } });
    const stopped = await run(
      "install",
      "--yes",
      "--timeout",
      "1s",
      "--image-registry",
      "not a registry",
      ...choices(),
    );
    expect(stopped.code).not.toBe(0);
    expect(seen).toEqual(
      new Set([
        ...["target", "check", "note", "plan", "step-started", "change-done", "waiting", "step-done"],
        ...["report", "error", "status"],
      ]),
    );
  });

  it("of a rehearsal say what a person has to do as record sets, which is all that the rehearsed person goes by", async () => {
    const way = ["--dns", "manual", "--domain", "apps.example.com", "--tls", "letsencrypt"];
    const { kubeconfig } = world;
    const { code, stderr, events } = await kn({ kubeconfig, standIns: true }, ["rehearse", ...way, "-o", "json"]);
    expect(code, stderr).toBe(0);
    const asked = events.filter(({ type }) => type === "person");
    expect(asked).toContainEqual(
      expect.objectContaining({
        action: "publish",
        zone: "example.com",
        records: [{ name: "*.apps.example.com", type: "A", ttl: 300, values: ["127.0.0.1"] }],
        lines: "*.apps.example.com. 300 IN A 127.0.0.1",
      }),
    );
    expect(asked.at(-1)).toMatchObject({ action: "remove", records: [{ type: "TXT" }] });
  });
});
