import fc from "fast-check";
import { describe, expect, it } from "vitest";
import "../seed.ts";
import { covers } from "../../src/certificates/names.ts";
import { FLAT, NESTED } from "../../src/config/config.ts";
import { baseDomain, createNaming, type Naming, ownNaming } from "../../src/config/naming.ts";

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/);
const domain = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join("."));
const template = fc.constantFrom(
  FLAT,
  NESTED,
  "{{ .Namespace }}-{{ .Name }}.{{ .Domain }}",
  "{{.Name}}.{{.Namespace}}.knative.{{.Domain}}",
  "{{.Name}}.svc-{{.Namespace}}.{{.Domain}}",
);
const parts = fc.record({
  template,
  domain,
  namespaces: fc.uniqueArray(label, { minLength: 1, maxLength: 5 }),
  isHttps: fc.boolean(),
});

/** Which of the wildcards answers for a host, when these names exist besides (RFC 4592 §3.3.1): the closest encloser's, or none. */
const answering = (host: string, wildcards: readonly string[], others: readonly string[]): string | undefined => {
  const ancestors = (name: string): readonly string[] =>
    name.split(".").map((_, index, labels) => labels.slice(index).join("."));
  const existing = new Set([...wildcards, ...others].flatMap(ancestors));
  const encloser = ancestors(host)
    .slice(1)
    .find((name) => existing.has(name));
  return wildcards.find((name) => name === `*.${encloser}`);
};

const holds = (property: (naming: Naming, given: { namespaces: readonly string[]; isHttps: boolean }) => void): void =>
  fc.assert(fc.property(parts, (given) => property(createNaming(given), given)));

describe("a naming", () => {
  it("has a wildcard for each host of its namespaces, and no more of them than must be", () =>
    holds(({ host, wildcards }, { namespaces }) => {
      const hosts = namespaces.flatMap((namespace) => ["a", "hello-2"].map((name) => host({ name, namespace })));
      for (const one of hosts) expect(covers(wildcards, one)).toBe(true);
      for (const left of wildcards) {
        const others = wildcards.filter((name) => name !== left);
        expect(hosts.every((one) => covers(others, one))).toBe(false);
      }
    }));

  it("keeps everything below its domain", () =>
    holds(({ host, domain: base, wildcards, challenges, published, everything }) => {
      const names = [host({ name: "a", namespace: "b" }), ...wildcards, ...published, everything, ...challenges];
      for (const name of names) expect(name).toMatch(new RegExp(`\\.${base.replaceAll(".", "\\.")}$`));
    }));

  it("publishes what leads each host to the gateway, whatever its challenges hide", () =>
    holds(({ host, published, challenges }, { namespaces, isHttps }) => {
      for (const namespace of namespaces)
        expect(answering(host({ name: "a", namespace }), published, isHttps ? challenges : [])).toBeDefined();
    }));

  it("would be hidden by its challenges without a wildcard for each", () => {
    const { host, everything, challenges } = createNaming({
      template: NESTED,
      domain: "apps.example.com",
      namespaces: ["a"],
      isHttps: true,
    });
    expect(answering(host({ name: "hello", namespace: "a" }), [everything], challenges)).toBeUndefined();
    expect(answering(host({ name: "hello", namespace: "a" }), [everything], [])).toBe("*.apps.example.com");
  });

  it("is the same for the same namespaces in another order", () =>
    fc.assert(
      fc.property(parts, (given) => {
        const names = ({ wildcards, challenges, published, isFlat }: Naming) => [
          wildcards,
          challenges,
          published,
          isFlat,
        ];
        const turned = { ...given, namespaces: [...given.namespaces].reverse() };
        expect(names(createNaming(turned))).toEqual(names(createNaming(given)));
      }),
    ));

  it("is flat when one wildcard below the domain is enough", () =>
    holds(({ isFlat, wildcards, everything }) => {
      expect(isFlat).toBe(wildcards.join() === everything);
    }));

  it("writes a URL as Knative does", () =>
    holds(({ url, host }, { isHttps }) => {
      const service = { name: "hello", namespace: "default" };
      expect(url(service)).toBe(`${isHttps ? "https" : "http"}://${host(service)}`);
    }));
});

describe("the base domain", () => {
  it.each([
    ["one's own", "apps.example.com", "192.0.2.1", "apps.example.com"],
    ["made from an address", undefined, "192.0.2.1", "192.0.2.1.sslip.io"],
    ["made from an address of version 6", undefined, "2001:db8::1", "2001-db8--1.sslip.io"],
    ["none for a host name", undefined, "lb.example.net", undefined],
    ["none without an address", undefined, undefined, undefined],
  ])("is %s", (_, own, address, found) => {
    expect(baseDomain(own === undefined ? {} : { domain: own }, address)).toBe(found);
  });

  it.each([
    ["192.0.2.1.sslip.io", true],
    ["sslip.io.example.com", false],
    ["notsslip.io", false],
  ])("%s is made from an address: %s", (domain, isMagic) => {
    expect(createNaming({ template: FLAT, domain, namespaces: ["a"], isHttps: true }).isMagic).toBe(isMagic);
  });

  it("of one's own gives a naming at once, the proof's namespace included", () => {
    const choice = { domainTemplate: NESTED, namespaces: ["a"], tls: "letsencrypt" } as const;
    expect(ownNaming(choice)).toBeUndefined();
    expect(ownNaming({ ...choice, domain: "example.com" })).toMatchObject({
      wildcards: ["*.a.example.com", "*.kn-bootstrap.example.com"],
      challenges: ["_acme-challenge.a.example.com", "_acme-challenge.kn-bootstrap.example.com"],
      published: ["*.example.com", "*.a.example.com", "*.kn-bootstrap.example.com"],
    });
  });
});
