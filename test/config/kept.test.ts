import { describe, expect, it } from "vitest";
import { choiceChanges } from "../../src/config/choice-changes.ts";
import { complete, type Written } from "../../src/config/complete.ts";
import { type Config, FLAT, NESTED } from "../../src/config/config.ts";
import { type Kept, NOTHING_KEPT, settleWith } from "../../src/config/kept.ts";
import { presumed } from "../../src/config/load.ts";
import { CHOICES } from "../../src/config/options.ts";
import { UserError } from "../../src/ports/error.ts";

const HERE = { env: {}, terminal: false };
type Key = keyof Config;

/** What the cluster keeps after an install that was told this: values in effect, and what was insisted on. */
const kept = (told: Written, before: Kept = NOTHING_KEPT): Kept => {
  const { config, insisted } = settleWith(told, before, [], HERE);
  const values = Object.fromEntries(
    CHOICES.flatMap(({ key }) => (config[key] === undefined ? [] : [[key, config[key]]])),
  );
  return { values, insisted, unknown: {}, unreadable: [] };
};

/** What changes by saying this, in words. */
const changes = (before: Kept, said: Written, reset: readonly Key[] = []): readonly string[] =>
  choiceChanges(before, settleWith(said, before, reset, HERE), said, reset).map(
    ({ option, from, to, because }) => `${option}: ${from} → ${to}${because ? ` (${because})` : ""}`,
  );

const error = (work: () => unknown): string => {
  try {
    work();
  } catch (problem) {
    if (problem instanceof UserError) return `${problem.message} ${problem.why}`;
    throw problem;
  }
  throw new Error("it was accepted");
};

const own: Written = { domain: "apps.example.com", dns: "route53" };

describe("a value that is said", () => {
  it("is all that changes", () => {
    expect(changes(kept({ ...own, hpa: true }), { logging: "request-logs" })).toEqual(["logging: none → request-logs"]);
    expect(changes(kept({ ...own, tls: "letsencrypt-staging" }), { tls: "letsencrypt" })).toEqual([
      "tls: letsencrypt-staging → letsencrypt",
    ]);
  });

  it("replaces a list whole", () => {
    const before = kept({ ...own, domainTemplate: "nested", namespaces: ["a", "b"] });
    expect(changes(before, { namespaces: ["c"] })).toEqual(["namespaces: a, b → c"]);
  });

  it("goes with what was chosen before, where it could not stand alone", () => {
    expect(changes(kept({ ...own, tls: "self-signed" }), { tls: "letsencrypt" })).toEqual([
      "tls: self-signed → letsencrypt",
    ]);
    expect(changes(kept({ domain: "apps.example.com" }), { dns: "manual", tls: "self-signed" })).toEqual([
      "dns: none → manual",
    ]);
  });
});

describe("a value that followed from others", () => {
  it("follows again when those change", () => {
    expect(changes(kept({}), own)).toEqual([
      "domain: magic → apps.example.com",
      "dns: magic → route53",
      "tls: self-signed → letsencrypt (it follows from dns route53)",
    ]);
    expect(changes(kept(own), { tls: "none" })).toEqual([
      "tls: letsencrypt → none",
      "http: redirect → enabled (it follows from tls none)",
    ]);
    expect(changes(kept({ tls: "none" }), { tls: "self-signed" })).toEqual([
      "domain-template: nested → flat (--domain-template nested with --tls self-signed needs --namespaces)",
      "tls: none → self-signed",
      "http: enabled → redirect (it follows from tls self-signed)",
    ]);
  });

  it("stays when somebody said it, however long ago", () => {
    const first = kept({ domain: "apps.example.com", tls: "self-signed" });
    const later = kept({ hpa: true }, kept({ logging: "request-logs" }, first));
    expect(changes(later, { dns: "route53" })).toEqual(["dns: none → route53"]);
    // It differed from what followed then, and is the same now.
    const back = kept({ dns: "none" }, kept({ ...own, tls: "self-signed" }));
    expect(changes(back, { dns: "route53" })).toEqual(["dns: none → route53"]);
  });

  it("stays when only the defaults of a later version are others", () => {
    const before = kept({ domain: "apps.example.com" });
    const elsewhere = { ...before, values: { ...before.values, tls: "none", http: "enabled" } as Written };
    expect(changes(elsewhere, { hpa: true })).toEqual(["hpa: off → on"]);
  });

  it("is no host name: URLs stay while they can", () => {
    expect(changes(kept({ tls: "self-signed" }), { tls: "none" }).join()).not.toContain("domain-template");
    expect(kept({ tls: "none" }, kept({})).values.domainTemplate).toBe(FLAT);
    expect(kept({ tls: "none" }).values.domainTemplate).toBe(NESTED);
  });
});

describe("what was chosen before and cannot stand beside what is said", () => {
  it.each<[string, Written, Written, readonly string[]]>([
    [
      "a domain, and now magic",
      own,
      { dns: "magic" },
      [
        "domain: apps.example.com → magic (--dns magic does not go with --domain apps.example.com)",
        "dns: route53 → magic",
        "tls: letsencrypt → self-signed (it follows from dns magic)",
      ],
    ],
    [
      "magic, and now a domain",
      { dns: "magic" },
      { domain: "apps.example.com" },
      [
        "domain: magic → apps.example.com",
        "dns: magic → none (--dns magic does not go with --domain apps.example.com)",
      ],
    ],
    [
      "an e-mail address, and now no CA",
      { ...own, acmeEmail: "me@example.com" },
      { tls: "self-signed" },
      [
        "tls: letsencrypt → self-signed",
        "acme-email: me@example.com → none (--acme-email does not go with --tls self-signed)",
      ],
    ],
    [
      "a certificate of one's own, and now Let's Encrypt",
      { ...own, tls: "secret", tlsSecret: "default/mine" },
      { tls: "letsencrypt" },
      [
        "tls: secret → letsencrypt",
        "tls-secret: default/mine → none (--tls-secret does not go with --tls letsencrypt)",
      ],
    ],
    [
      "a CA that somebody insisted on, and now nobody who writes records",
      { ...own, tls: "letsencrypt" },
      { dns: "none" },
      ["dns: route53 → none", "tls: letsencrypt → self-signed (--tls letsencrypt does not go with --dns none)"],
    ],
    [
      "hosts below namespaces, and now a certificate",
      { tls: "none", domainTemplate: NESTED },
      { tls: "self-signed", http: "enabled" },
      [
        "domain-template: nested → flat (--domain-template nested with --tls self-signed needs --namespaces)",
        "tls: none → self-signed",
      ],
    ],
    [
      "a host name as the address, and now a name made from it",
      { domain: "apps.example.com", address: "lb.example.net" },
      { dns: "magic" },
      [
        "address: lb.example.net → what the cluster says (--dns magic does not go with --address lb.example.net)",
        "domain: apps.example.com → magic (--dns magic does not go with --domain apps.example.com)",
        "dns: none → magic",
      ],
    ],
  ])("falls away: %s", (_title, before, said, expected) => {
    expect(changes(kept(before), said)).toEqual(expected);
  });

  it("falls away with the choice that it belonged to", () => {
    const ca: Written = { ...own, acmeDirectory: "https://ca.example.com/dir", acmeProfile: "short" };
    expect(changes(kept(ca), { tls: "letsencrypt" })).toEqual([
      "tls: acme → letsencrypt",
      "acme-directory: https://ca.example.com/dir → the directory of the CA named by --tls (it belonged to tls acme)",
      "acme-profile: short → the CA's own default (it belonged to tls acme)",
    ]);
    expect(changes(kept({ ...own, dnsZoneId: "Z1" }), { domain: "other.example.com" })).toEqual([
      "domain: apps.example.com → other.example.com",
      "dns-zone-id: Z1 → the zone that the parent delegates to (it belonged to domain apps.example.com)",
    ]);
    expect(changes(kept({ expose: "nodeport", address: "203.0.113.7" }), { expose: "loadbalancer" })).toEqual([
      "expose: nodeport → loadbalancer",
      "address: 203.0.113.7 → what the cluster says (it belonged to expose nodeport)",
    ]);
  });

  it("is named where nothing helps, with the way to take it back", () => {
    expect(error(() => changes(kept({ domain: "apps.example.com" }), { tls: "letsencrypt" }))).toMatch(
      /--tls letsencrypt does not go with --dns none.*Chosen before: domain apps.example.com; --reset-choice domain takes it back/,
    );
    expect(error(() => changes(NOTHING_KEPT, { tls: "letsencrypt" }))).not.toMatch(/before/);
  });

  it("is not named where nobody chose it: the cause is that of a fresh cluster", () => {
    const said: Written = { domain: "apps.example.com", tls: "letsencrypt-staging" };
    expect(error(() => changes(kept({}), said))).toBe(error(() => changes(NOTHING_KEPT, said)));
    expect(error(() => changes(kept({}), said))).toMatch(/--tls letsencrypt-staging does not go with --dns none/);
  });
});

describe("a choice that is taken back", () => {
  it("is its default, and what hangs on it goes along", () => {
    expect(changes(kept({ address: "203.0.113.7" }), {}, ["address"])).toEqual([
      "address: 203.0.113.7 → what the cluster says (it was taken back)",
    ]);
    expect(changes(kept(own), {}, ["domain"])).toEqual([
      "domain: apps.example.com → magic (it was taken back)",
      "dns: route53 → magic (--dns route53 needs --domain)",
      "tls: letsencrypt → self-signed (it follows from dns magic)",
    ]);
  });

  it("counts for nothing beside what is said", () => {
    expect(changes(kept({ hpa: true }), { hpa: true }, ["hpa"])).toEqual([]);
  });
});

describe("an option that whoever chose before did not know", () => {
  it("is kept from now on, and told as that", () => {
    const { hpa: _hpa, ...values } = kept(own).values;
    const settled = settleWith({}, { ...NOTHING_KEPT, values }, [], HERE);
    expect(choiceChanges({ ...NOTHING_KEPT, values }, settled, {}, [])).toEqual([{ option: "hpa", to: "off" }]);
  });
});

describe("before the cluster is asked", () => {
  it.each<[Written]>([
    [{ dns: "magic", domain: "apps.example.com" }],
    [{ tls: "letsencrypt", dns: "none" }],
    [{ tls: "none", http: "redirect" }],
    [{ tls: "self-signed", acmeEmail: "me@example.com" }],
    [{ domainTemplate: "x" }],
    [{ quiet: true, verbose: true }],
    [{ timeout: 0 }],
  ])("%j is refused: nothing that was chosen can mend it", (said) => {
    expect(error(() => presumed(said, HERE))).toMatch(/--/);
  });

  it.each<[Written]>([
    [{ dns: "route53" }],
    [{ tls: "letsencrypt" }],
    [{ acmeEmail: "me@example.com" }],
    [{ dnsZoneId: "Z1" }],
    [{ domainTemplate: NESTED }],
    [{ tls: "secret" }],
    [{ tls: "acme" }],
  ])("%j has to wait", (said) => {
    expect(presumed(said, HERE)).toEqual(complete(said, HERE));
    expect(error(() => settleWith(said, NOTHING_KEPT, [], HERE))).toMatch(/--/);
  });
});
