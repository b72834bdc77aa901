import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openRoute53 } from "../../src/dns/route53/open.ts";
import { explainedError } from "../../src/dns/route53/problems.ts";
import { UserError } from "../../src/ports/error.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import { kn } from "../engine/cli.ts";
import { type DnsStage, DOMAIN, dnsStage } from "../engine/dns/stage.ts";

const SHARED = `[default]
region = eu-west-1
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = admin
[sso-session corp]
sso_start_url = https://corp.example.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access
[profile old-sso]
sso_start_url = https://corp.example.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = admin
[profile empty]
region = eu-west-1
[profile role]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = gone
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aws-"));
  writeFileSync(join(folder, "config"), SHARED);
  writeFileSync(join(folder, "credentials"), "[keys]\naws_access_key_id = a\naws_secret_access_key = b\n");
  // The SDK looks at the process's own environment too.
  for (const name of Object.keys(process.env).filter((key) => key.startsWith("AWS_"))) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(files())) vi.stubEnv(name, value);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const files = () => ({
  AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
  AWS_CONFIG_FILE: join(folder, "config"),
});

const PROFILES = [
  [
    "nosuch",
    'There is no AWS profile "nosuch".',
    /default, sso, old-sso, empty, role, keys/,
    "aws configure list-profiles",
  ],
  ["sso", 'The AWS profile "sso" is not signed in.', /SSO session/, "aws sso login --profile sso"],
  ["old-sso", 'The AWS profile "old-sso" is not signed in.', /SSO session/, "aws sso login --profile old-sso"],
  [
    "role",
    'The AWS profile "role" takes its credentials from the profile "gone", which is not there.',
    /source_profile/,
    "aws configure list-profiles",
  ],
  ["empty", 'The AWS profile "empty" gives no credentials.', /any providers/, "aws configure --profile empty"],
] as const;

describe("AWS profiles", () => {
  it.each(PROFILES)("%s: %s", async (profile, what, why, command) => {
    const options = { env: { AWS_PROFILE: profile, ...files() }, signal: new AbortController().signal };
    const zones = await openRoute53({ ...options, onTrouble: () => undefined }, { maxAttempts: 1 });
    const error = await zones.find("apps.example.com").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      id: "dns.route53.credentials",
      message: what,
      why: expect.stringMatching(why),
      remedy: { command },
      kind: "input",
    });
    zones.close();
  });

  it("are told of so by iam-policy too", async () => {
    const internet = await startInternet({ zones: ["example.com"] });
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = internet.env;
    for (const [profile, what, , command] of PROFILES) {
      const { code, stderr } = await kn(
        { kubeconfig: "/nowhere", internet: { ...internet, env } },
        ["iam-policy", "--domain", "apps.example.com"],
        { env: { AWS_PROFILE: profile, ...files() } },
      );
      expect(code).toBe(2);
      const said = stderr.replace(/\s+/g, " ");
      expect(said).toContain(what);
      expect(said).toContain(command);
      expect(said).toContain("--dns-zone-id");
    }
    await internet.close();
  });
});

describe("a profile that is not there", () => {
  let world: DnsStage;
  beforeAll(async () => {
    world = await dnsStage();
    const args = ["--yes", "--dns", "route53", "--domain", DOMAIN, ...world.letsEncrypt];
    expect((await world.run("install", ...args)).code).toBe(0);
  });
  afterAll(() => world?.close());

  it.each([
    [2, "plan --dns route53 --domain"],
    [2, "install --yes --dns route53 --domain"],
    [2, "renew --yes"],
    // It was to tell whether a renewal would succeed, and cannot.
    [3, "renew --check"],
    [2, "uninstall --yes"],
  ] as const)("ends with %i for %s", async (wanted, line) => {
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = world.internet.env;
    const more = line.endsWith("--domain") ? [DOMAIN, ...world.letsEncrypt] : [];
    const { code, stderr } = await kn(
      { ...world, internet: { ...world.internet, env } },
      [...line.split(" "), ...more],
      {
        env: { AWS_PROFILE: "nosuch", ...files() },
      },
    );
    expect([code, stderr]).toEqual([wanted, expect.stringContaining('There is no AWS profile "nosuch".')]);
    expect(stderr).toContain("aws configure list-profiles");
  });
});

describe("a clock that is not AWS's", () => {
  let internet: Internet;
  afterEach(() => internet?.close());

  it.each([
    ["behind", 7_200_000],
    ["ahead", -7_200_000],
  ])("is told as that when it is %s and the service goes on refusing", async (_, ahead) => {
    internet = await startInternet({ zones: ["example.com"], route53: { clock: () => Date.now() + ahead } });
    const trouble: string[] = [];
    const { env } = internet;
    const options = { env, signal: new AbortController().signal, onTrouble: (text: string) => trouble.push(text) };
    const zones = await openRoute53(options, { maxAttempts: 1 });
    const error = await zones.find("apps.example.com").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      id: "dns.route53.clock",
      kind: "input",
      message: "The clocks of this machine and of AWS differ by 2 h.",
      remedy: { command: "timedatectl set-ntp true" },
    });
    zones.close();
  });

  it("is told as that where the next try goes through by AWS's clock", async () => {
    internet = await startInternet({ zones: ["example.com"], route53: { clock: () => Date.now() + 7_200_000 } });
    const trouble: string[] = [];
    const { env } = internet;
    const options = { env, signal: new AbortController().signal, onTrouble: (text: string) => trouble.push(text) };
    const zones = await openRoute53(options, { maxAttempts: 3 });
    expect(await zones.find("apps.example.com")).toHaveLength(1);
    expect(new Set(trouble)).toEqual(
      new Set(["the clocks of this machine and of AWS differ by 2 h; Route 53 is asked by AWS's"]),
    );
    zones.close();
  });
});

it.each(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"])(
  "a clock that is so far off that no certificate is valid is told as that: %s",
  async (code) => {
    const error = await explainedError(Object.assign(new Error("certificate is not valid now"), { code }), {
      action: "route53:GetChange",
      about: { name: "example.com" },
      host: "route53.amazonaws.com",
      domain: "example.com",
      env: {},
    });
    expect(error).toMatchObject({
      id: "dns.route53.clock",
      kind: "input",
      message: expect.stringContaining("route53.amazonaws.com"),
      remedy: { command: "timedatectl set-ntp true" },
    });
  },
);
