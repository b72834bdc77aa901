import { afterEach, describe, expect, it } from "vitest";
import { accountRef } from "../../../src/certificates/acme/account.ts";
import { orderRef, orderSecret, parseOrder } from "../../../src/certificates/acme/journal.ts";
import type { KubeObject } from "../../../src/ports/object.ts";
import type { Zone } from "../../../src/sandbox/dns/index.ts";
import type { Obj } from "../../../src/sandbox/types.ts";
import { apply } from "../../sandbox/install.ts";
import { thoroughly } from "../../thorough.ts";
import { everything, laidOut } from "./layouts.ts";
import { challengesIn, type DnsStage, DOMAIN, dnsStage, errorOf, zoneOf } from "./stage.ts";

const NAMES = [`*.${DOMAIN}`];
const TARGET = "_acme-challenge.le.example.com";
const CHALLENGE = `_acme-challenge.${DOMAIN}`;
const VALUE = "x".repeat(43);

const providers = thoroughly(["rfc2136"], ["route53", "rfc2136"]);

describe.each(providers)("--dns %s: what an earlier run left where nobody sees it", (dns) => {
  let world: DnsStage | undefined;
  afterEach(() => world?.close());
  const way = ["--dns", dns, "--domain", DOMAIN];

  /** An order that wrote into the parent below its own cut and was killed, as releases before this one did. */
  const leftBehind = async (): Promise<{ readonly stage: DnsStage; readonly parent: Zone }> => {
    const stage = await laidOut(dns, {
      title: "a delegated child",
      domain: DOMAIN,
      ours: ["le.example.com"],
      records: [["example.com", CHALLENGE, "CNAME", TARGET]],
    });
    world = stage;
    const first = await stage.run("install", "--yes", ...way, "--tls", "self-signed");
    expect(first.code, first.stderr).toBe(0);
    const parent = stage.internet.dns.zone("example.com");
    const put = (value: string): void =>
      parent.records.set({ name: TARGET, type: "TXT", ttl: 60, values: [JSON.stringify(value)] });
    put(VALUE);
    const { nameServers, name } = parent;
    const id = dns === "route53" ? parent.id : name;
    const secret = orderSecret({
      directory: stage.internet.acme.directory,
      names: NAMES,
      keyType: "ecdsa",
      key: "-----BEGIN PRIVATE KEY-----",
      url: `${stage.internet.acme.directory.replace(/directory$/, "order/1")}`,
      target: "v1 Secret kn-bootstrap/wildcard-tls",
      startedAt: new Date(),
      isExempt: false,
      copies: [],
      records: [{ zone: { id, name, isPrivate: false, nameServers: [...nameServers] }, name: TARGET, value: VALUE }],
    });
    await apply(stage, secret as unknown as Obj);
    return { stage, parent };
  };
  const kept = ({ api, internet }: DnsStage) =>
    parseOrder(api.get(orderRef(internet.acme.directory, NAMES) as never) as KubeObject | undefined);

  it("goes with uninstall, which says so, and the order stays without it", async () => {
    const { stage } = await leftBehind();
    const outcome = await stage.run("uninstall", "--yes");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout + outcome.stderr).toMatch(new RegExp(`${TARGET.replaceAll(".", "\\.")}\\s+TXT:\\s+x+`));
    expect(challengesIn(stage).filter((line) => line.includes(VALUE))).toEqual([]);
    expect(kept(stage)?.records).toEqual([]);
    const again = await stage.run("uninstall", "--yes");
    expect([again.code, again.stats.writes], again.stderr).toEqual([0, 0]);
  });

  it("stays with --keep-records, which names it", async () => {
    const { stage } = await leftBehind();
    const outcome = await stage.runWith({ env: { COLUMNS: "300" } }, "uninstall", "--yes", "--keep-records");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout + outcome.stderr).toMatch(new RegExp(`TXT ${TARGET} "x+" of an unfinished order stays`));
    expect(challengesIn(stage).filter((line) => line.includes(VALUE))).toHaveLength(1);
    expect(kept(stage)?.records).toHaveLength(1);
  });

  it("goes with the next install, which writes where it is seen", async () => {
    const { stage, parent } = await leftBehind();
    const outcome = await stage.run("install", "--yes", ...way, ...stage.letsEncrypt);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(parent.records.get(TARGET, "TXT")).toBeUndefined();
    expect(challengesIn(stage)).toEqual([]);
    expect(kept(stage)).toBeUndefined();
    expect(stage.api.get(accountRef(stage.internet.acme.directory) as never)).toBeDefined();
  });

  it("goes from the zone that it was written to, though another has the domain now", async () => {
    const stage = await laidOut(dns, { title: "plain", domain: DOMAIN });
    world = stage;
    const before = everything(stage);
    const first = await stage.run("install", "--yes", ...way, "--tls", "self-signed");
    expect(first.code, first.stderr).toBe(0);
    const { env, zones, dns: net } = stage.internet;
    const keys = [{ name: env.RFC2136_TSIG_KEY ?? "", secret: env.RFC2136_TSIG_SECRET ?? "" }];
    await net.addZone({ name: DOMAIN, keys, nameServers: zones[0]?.nameServers ?? [] });
    const empty = zoneOf(stage, DOMAIN);
    const second = await stage.run("install", "--yes", ...way, "--tls", "self-signed");
    expect(second.code, errorOf(second)).toBe(0);
    const inParent = zoneOf(stage).filter((set) => /\*\.apps|_kn-bootstrap/.test(set));
    expect(inParent).toEqual([]);
    expect(zoneOf(stage, DOMAIN)).not.toEqual(empty);
    const gone = await stage.run("uninstall", "--yes");
    expect(gone.code, gone.stderr).toBe(0);
    expect(zoneOf(stage, DOMAIN)).toEqual(empty);
    const left = everything(stage).filter(
      (line) => !line.startsWith(DOMAIN) && !line.includes(`"${DOMAIN}","type":"NS"`),
    );
    expect(left).toEqual(before);
  });
});

describe("a provider that goes away while uninstall takes the records", () => {
  it("keeps nothing else from going: the advice names --keep-records", async () => {
    let isAway = false;
    const stage = await dnsStage({
      route53: {
        onRequest: ({ method }) => {
          if (isAway && method === "POST") throw new Error("gone");
          return undefined;
        },
      },
    });
    try {
      const install = ["install", "--yes", "--dns", "route53", "--domain", DOMAIN, "--tls", "self-signed"];
      expect((await stage.run(...install)).code).toBe(0);
      isAway = true;
      const outcome = await stage.run("uninstall", "--yes", "--timeout", "3s");
      expect(outcome.code).not.toBe(0);
      expect(outcome.stderr).toContain("kn-bootstrap uninstall --keep-records");
    } finally {
      await stage.close();
    }
  });
});
