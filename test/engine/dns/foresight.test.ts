import { afterEach, describe, expect, it } from "vitest";
import { inspect } from "../../../src/certificates/secret.ts";
import type { KubeObject } from "../../../src/ports/object.ts";
import { batchIn } from "../../../src/sandbox/route53/index.ts";
import { thoroughly } from "../../thorough.ts";
import type { Outcome } from "../cli.ts";
import { everything } from "./layouts.ts";
import { type DnsStage, DOMAIN, dnsStage, errorOf } from "./stage.ts";

const CHALLENGE = `_acme-challenge.${DOMAIN}`;
const CERTIFICATE = { apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "wildcard-tls" };
const words = ({ stdout, stderr }: Outcome): string => `${stdout}${stderr}`.replaceAll(/\s+/g, " ");

const providers = thoroughly(["route53"], ["route53", "rfc2136"]);

describe.each(providers)("--dns %s: what cannot work is known before the first write", (dns) => {
  const way = ["--dns", dns, "--domain", DOMAIN];
  let world: DnsStage | undefined;
  afterEach(() => world?.close());

  const open = async (updates: string[] = []): Promise<DnsStage> => {
    world = await dnsStage(updates.length > 0 ? { updates } : {});
    return world;
  };
  const run = (stage: DnsStage, ...args: readonly string[]): Promise<Outcome> =>
    stage.runWith({ env: { COLUMNS: "400" } }, ...args);
  const installed = async (updates: string[] = []): Promise<DnsStage> => {
    const stage = await open(updates);
    const outcome = await run(stage, "install", "--yes", ...way, ...stage.letsEncrypt);
    expect(outcome.code, outcome.stderr).toBe(0);
    return stage;
  };
  /** The trial says no where the act would, which is tried next: with the same words, before anything is written. */
  const refusedBoth = async (stage: DnsStage, wanted: RegExp): Promise<void> => {
    const before = everything(stage);
    const check = await run(stage, "renew", "--check");
    expect(check.code, words(check)).toBe(3);
    expect(words(check)).toMatch(wanted);
    stage.internet.acme.moveRenewal(inspect(stage.api.get(CERTIFICATE) as KubeObject)?.serial ?? "");
    const orders = stage.writes().orders;
    const renew = await run(stage, "renew", "--yes");
    expect({ code: renew.code, writes: renew.stats.writes }, words(renew)).toEqual({ code: 2, writes: 0 });
    expect(errorOf(renew)).toMatch(wanted);
    expect(stage.writes().orders).toBe(orders);
    expect(everything(stage)).toEqual(before);
  };
  /** An install that writes nowhere. */
  const refused = async (stage: DnsStage, wanted: RegExp): Promise<void> => {
    const before = everything(stage);
    const outcome = await run(stage, "install", "--yes", ...way, ...stage.letsEncrypt);
    expect({ code: outcome.code, writes: outcome.stats.writes }, outcome.stderr).toEqual({ code: 2, writes: 0 });
    expect(errorOf(outcome)).toMatch(wanted);
    expect([stage.writes().orders, stage.writes().accounts]).toEqual([0, 0]);
    expect(everything(stage)).toEqual(before);
  };
  const caa = ({ internet }: DnsStage, name: string, ...values: string[]): void =>
    internet.dns.zone("example.com").records.set({ name, type: "CAA", ttl: 60, values });

  it("renew --check tells each thing that it found, and changes nothing", async () => {
    const stage = await installed();
    caa(stage, "example.com", '0 issue "ca.rehearsal.internal"');
    const before = everything(stage);
    const outcome = await run(stage, "renew", "--check");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(words(outcome)).toMatch(
      new RegExp(`${CHALLENGE} in zone example\\.com( \\(Z\\w+\\))? at .*, where nothing stands`),
    );
    expect(words(outcome)).toMatch(
      dns === "route53"
        ? /tried by a change that Route 53 must refuse for its content/
        : /tried by removing a value that nobody has/,
    );
    expect(words(outcome)).toMatch(/\*\.apps\.example\.com: example\.com has CAA 0 issue "ca\.rehearsal\.internal"/);
    expect(words(outcome)).toMatch(/it will be asked for \*\.apps\.example\.com/);
    expect(everything(stage)).toEqual(before);
  });

  it("a challenge that leads into somebody's zone, for renew --check as for renew", async () => {
    const stage = await installed();
    const { dns: net } = stage.internet;
    net.zone("example.com").records.set({ name: CHALLENGE, type: "CNAME", ttl: 60, values: ["x.example.invalid"] });
    await refusedBoth(stage, new RegExp(`The challenge of ${CHALLENGE} would have to be written`));
  });

  it("a CAA record that another CA or another account alone is named by", async () => {
    const stage = await installed();
    caa(stage, DOMAIN, '0 issue "another.example"');
    await refusedBoth(stage, /A CAA record forbids .* to issue for \*\.apps\.example\.com/);
    caa(stage, DOMAIN, '0 issuewild "ca.rehearsal.internal; accounturi=https://ca.rehearsal.internal/account/999"');
    await refusedBoth(stage, /CAA record forbids/);
    const [account] = stage.internet.acme.accounts();
    caa(stage, DOMAIN, `0 issuewild "ca.rehearsal.internal; accounturi=${account?.url}; validationmethods=dns-01"`);
    const check = await run(stage, "renew", "--check");
    expect(check.code, words(check)).toBe(0);
    await stage.close();
    const fresh = await open();
    caa(fresh, "example.com", '0 issuewild ";"');
    await refused(fresh, /A CAA record forbids .*CAA 0 issuewild "ca\.rehearsal\.internal; validationmethods=dns-01"/);
  });

  it("rights that end at TXT, at an install; and rights for anything but TXT, at a renewal", async () => {
    const updates = ["TXT"];
    const stage = await open(updates);
    const allow = stage.internet.route53.deny("ChangeResourceRecordSets", ({ body }) =>
      batchIn(body).changes.some(({ set }) => set.type !== "TXT"),
    );
    await refused(
      stage,
      dns === "route53"
        ? /AWS does not allow route53:ChangeResourceRecordSets/
        : /refuses changes of the A of \*\.apps\.example\.com/,
    );
    updates.push("A", "AAAA", "CNAME");
    allow();
    const outcome = await run(stage, "install", "--yes", ...way, ...stage.letsEncrypt);
    expect(outcome.code, outcome.stderr).toBe(0);
    updates.shift();
    stage.internet.route53.deny("ChangeResourceRecordSets", ({ body }) =>
      batchIn(body).changes.some(({ set }) => set.type === "TXT"),
    );
    await refusedBoth(
      stage,
      dns === "route53" ? /AWS does not allow/ : new RegExp(`refuses changes of the TXT of ${CHALLENGE}`),
    );
  });

  it("rights for no more than the type that the gateway's address takes", async () => {
    const updates = ["TXT", "A"];
    const stage = await open(updates);
    stage.internet.route53.deny("ChangeResourceRecordSets", ({ body }) =>
      batchIn(body).changes.some(({ set }) => !updates.includes(set.type)),
    );
    const outcome = await run(stage, "install", "--yes", ...way, ...stage.letsEncrypt);
    expect(outcome.code, outcome.stderr).toBe(0);
  });
});

it("at Route 53, a policy that lets delete and not create is known before the first write too", async () => {
  const stage = await dnsStage();
  try {
    stage.internet.route53.deny("ChangeResourceRecordSets", ({ body }) =>
      batchIn(body).changes.some(({ action }) => action === "CREATE"),
    );
    const outcome = await stage.run("install", "--yes", "--dns", "route53", "--domain", DOMAIN, ...stage.letsEncrypt);
    expect({ code: outcome.code, writes: outcome.stats.writes }, outcome.stderr).toEqual({ code: 2, writes: 0 });
    expect(errorOf(outcome)).toMatch(/AWS does not allow route53:ChangeResourceRecordSets/);
  } finally {
    await stage.close();
  }
});
