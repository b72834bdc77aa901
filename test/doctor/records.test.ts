import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DnsStage, DOMAIN, dnsStage } from "../engine/dns/stage.ts";
import { patient } from "../patience.ts";

const AWAY = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", HOME: "/nowhere" };
const DOCTOR = ["doctor", "--check", "renew", "--skip", "renew.cronjob", "-v"];
const oneLine = (said: string): string => said.replace(/\s+/g, " ");

describe("doctor, where a provider keeps the records of the domain", { timeout: patient(60_000) }, () => {
  let stage: DnsStage;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-records-"));
    stage = await dnsStage();
    const { code, stderr } = await stage.run(
      ...[
        "install",
        "--yes",
        "--skip-checks",
        "proof.zero",
        "--dns",
        "route53",
        "--domain",
        DOMAIN,
        ...stage.privateCa,
      ],
    );
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  }, patient(60_000));
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("looks at the place of the challenge with the credentials that it finds, and writes nothing", async () => {
    const before = stage.writes();
    const { code, stdout } = await stage.run(...DOCTOR);
    expect(oneLine(stdout)).toContain(`renew.zone: _acme-challenge.${DOMAIN} in zone example.com`);
    expect(oneLine(stdout)).toContain("renew.write: no write is tried: doctor --probe does");
    expect(stage.writes()).toEqual(before);
    expect(code).toBe(0);
  });

  it("says without credentials what to set, and that is no fault", async () => {
    const { code, stdout } = await stage.runWith({ env: AWAY }, ...DOCTOR);
    expect(oneLine(stdout)).toMatch(
      /renew.zone: no credentials for Amazon Route 53 are at hand here: .*AWS_ACCESS_KEY_ID/,
    );
    expect(code).toBe(0);
  });

  it("keeps what it was told, without the texts of others, and says the same of it", async () => {
    const file = join(folder, "records.json");
    const live = await stage.run(...DOCTOR, "--save", file);
    const kept = await stage.runWith({ env: AWAY }, "doctor", ...DOCTOR.slice(1), "--from", file);
    expect(kept.stdout.split("\n").slice(0, -2)).toEqual(live.stdout.split("\n").slice(0, -2));
    const text = await readFile(file, "utf8");
    expect(text).toContain('"asked":"zones"');
    for (const [name, secret] of Object.entries(stage.internet.env))
      if (/SECRET/.test(name)) expect(text).not.toContain(secret);
  });

  it("tries the write where a probe is asked for", async () => {
    const before = stage.writes();
    const { stdout } = await stage.run("doctor", "--probe", "--check", "renew,canary", "-v");
    expect(oneLine(stdout)).toMatch(/renew.write: TXT _acme-challenge.\S+: tried /);
    expect(stage.writes()).toEqual(before);
  });
});
