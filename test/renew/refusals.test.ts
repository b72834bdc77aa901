import { describe, expect, it } from "vitest";
import { type CronWish, completeWish } from "../../src/app/cronjob.ts";
import { withoutManifests } from "../../src/app/prepare.ts";
import { complete } from "../../src/config/complete.ts";
import type { Config } from "../../src/config/config.ts";
import { role } from "../../src/dns/route53/role.ts";
import type { ClusterRead } from "../../src/ports/cluster.ts";
import { UserError } from "../../src/ports/error.ts";
import { type KubeObject, keyOf } from "../../src/ports/object.ts";
import { cronJobCommand } from "../../src/steps/renewal/credentials.ts";
import { scheduleFor } from "../../src/steps/renewal/objects.ts";

const config = (chosen: Partial<Config>): Config =>
  complete({ domain: "apps.example.com", ...chosen }, { env: {}, terminal: false });

const secret = (name: string, ...keys: readonly string[]): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { namespace: "kn-bootstrap", name },
  data: Object.fromEntries(keys.map((key) => [key, "eA=="])),
});

const NODE: KubeObject = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "one" },
  spec: { providerID: "kind://docker/kind/one" },
};

const TSIG = ["RFC2136_NAMESERVER", "RFC2136_TSIG_KEY", "RFC2136_TSIG_SECRET"];
const objects = [secret("tsig", ...TSIG), secret("half", ...TSIG.slice(0, 2)), NODE];
const cluster = {
  get: async (ref) => objects.find((object) => keyOf(object) === keyOf(ref)),
  list: async ({ kind }) => objects.filter((object) => object.kind === kind),
} satisfies Partial<ClusterRead> as unknown as ClusterRead;

const wish = (chosen: Partial<Config>, given: Partial<CronWish>) =>
  completeWish({ image: "registry.example.com/kn-bootstrap", ...given }, withoutManifests(config(chosen)), cluster);

const acme = { tls: "acme", acmeDirectory: "https://ca.example.com/directory" } as const;

describe("a CronJob that could not renew", () => {
  it.each<[string, Partial<Config>, Partial<CronWish>, string]>([
    ["manual DNS", { ...acme, dns: "manual" }, {}, "cron.by-hand"],
    ["no TLS", { dns: "none", tls: "none" }, {}, "cron.elsewhere"],
    ["a certificate that was brought", { dns: "none", tls: "secret", tlsSecret: "a/b" }, {}, "cron.elsewhere"],
    ["cert-manager", { dns: "route53", tls: "cert-manager" }, {}, "cron.elsewhere"],
    ["route53 without a way to it", { ...acme, dns: "route53" }, {}, "cron.credentials"],
    ["rfc2136 without a way to it", { ...acme, dns: "rfc2136" }, {}, "cron.credentials"],
    [
      "rfc2136 by an IAM role",
      { ...acme, dns: "rfc2136" },
      { identity: { ...role, name: "arn:aws:iam::123456789012:role/a" } },
      "cron.role",
    ],
    ["a Secret that lacks a key", { ...acme, dns: "rfc2136" }, { credentialsSecret: "half" }, "cron.secret-keys"],
    ["a Secret that is not there", { dns: "none", tls: "self-signed" }, { credentialsSecret: "gone" }, "cron.secret"],
    [
      "kind, where no pod reaches the gateway",
      { dns: "none", tls: "self-signed", expose: "nodeport" },
      {},
      "cron.unreachable",
    ],
  ])("is refused: %s", async (_what, chosen, given, id) => {
    const error: unknown = await wish(chosen, given).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ id, kind: "input" });
  });

  it.each<[string, Partial<Config>, Partial<CronWish>]>([
    ["self-signed without any credential", { dns: "none", tls: "self-signed" }, {}],
    ["self-signed although records are published by hand", { dns: "manual", tls: "self-signed" }, {}],
    ["rfc2136 with its Secret", { ...acme, dns: "rfc2136" }, { credentialsSecret: "tsig" }],
    [
      "route53 with a role",
      { ...acme, dns: "route53" },
      { identity: { ...role, name: "arn:aws:iam::123456789012:role/a" } },
    ],
  ])("is none: %s", async (_what, chosen, given) => {
    expect(await wish(chosen, given)).toMatchObject(given);
  });

  it("says the command that the choices need", () => {
    expect(cronJobCommand(config({ ...acme, dns: "rfc2136" }))).toMatch(/--image IMAGE --credentials-secret \S+$/);
    expect(cronJobCommand(config({ dns: "none", tls: "self-signed" }))).toMatch(/--image IMAGE$/);
  });
});

it("spreads the daily minute over clusters, the same in each run", () => {
  const schedules = Array.from({ length: 50 }, (_, index) => scheduleFor(`uid-${index}`, false));
  expect(new Set(schedules).size).toBeGreaterThan(45);
  expect(schedules).toEqual(Array.from({ length: 50 }, (_, index) => scheduleFor(`uid-${index}`, false)));
  for (const schedule of schedules) {
    const [minute = 60, hour = 24] = schedule.split(" ").map(Number);
    expect([minute < 60, hour < 24, schedule.endsWith(" * * *")]).toEqual([true, true, true]);
  }
});
