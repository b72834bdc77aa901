import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Asker } from "../../src/cli/wizard/question.ts";
import { brokenRule, completed } from "../../src/cli/wizard/settle.ts";
import type { Sight } from "../../src/cli/wizard/sight.ts";
import { shown } from "../../src/config/shown.ts";
import { loadBalancersOf } from "../../src/ingress/reach.ts";
import { anybody, askAll, bare, COLLECTOR, chances, route53, STORE, scripted, sights } from "./sights.ts";

const asking = async (sight: Partial<Sight>, answers: Readonly<Record<string, string>> = {}) => {
  const asker = scripted(answers);
  const written = await askAll({ ...bare, ...sight }, {}, asker);
  return { written, config: completed(written), asked: asker.asked };
};

const kept = (written: Sight["installed"]): Sight["installed"] => {
  const choices = shown(completed(written ?? {}));
  return Object.fromEntries(
    Object.entries(choices).map(([key, value]) => [key.replace(/-(\w)/g, (_, letter) => letter.toUpperCase()), value]),
  );
};

const cloud = {
  cloud: { id: "gce", title: "Google Cloud" },
  loadBalancers: { work: "yes", because: "Google Cloud makes them" },
} as const;

describe("the questions", () => {
  it("are five where there is nothing to choose between: no zone is seen, and load balancers work", async () => {
    const { written, asked } = await asking(cloud);
    expect(asked.map(({ initial }) => initial)).toEqual(["magic", "self-signed", "kourier", "none", "none"]);
    expect(written).toEqual({
      expose: "loadbalancer",
      tls: "self-signed",
      ingress: "kourier",
      logging: "none",
      metrics: "none",
    });
  });

  it("propose a name in the one zone that is seen, its provider, and a certificate that browsers trust", async () => {
    const { written, asked } = await asking({ ...cloud, zones: route53("example.com") });
    expect(asked.map(({ initial }) => initial)).toEqual([
      "apps.example.com",
      "route53",
      "letsencrypt",
      "kourier",
      "none",
      "none",
      "none",
    ]);
    expect(written).toEqual({
      expose: "loadbalancer",
      domain: "apps.example.com",
      dns: "route53",
      tls: "letsencrypt",
      ingress: "kourier",
      logging: "none",
      metrics: "none",
    });
  });

  it("leave a host template behind that no certificate of the new choice covers", async () => {
    const installed = kept({
      domain: "apps.example.com",
      dns: "route53",
      tls: "cert-manager",
      domainTemplate: "{{.Namespace}}.{{.Name}}.{{.Domain}}",
      acmeDirectory: "https://ca.example.com/directory",
    });
    const { config } = await asking({ installed }, { "makes the certificate": "acme" });
    expect(config).toMatchObject({ tls: "acme", domainTemplate: "{{.Name}}-{{.Namespace}}.{{.Domain}}" });
  });

  it("offer Istio, and beside an Istio of somebody else's one of its gateways in place of a new one", async () => {
    const asked = async (gateways: readonly string[], answer: string) => {
      const { asked, written } = await asking({ ...cloud, gateways }, { gateway: answer });
      return { choices: asked.find(({ message }) => message === "Which gateway?")?.choices, written };
    };
    const bareCluster = await asked([], "istio");
    expect(bareCluster).toMatchObject({ choices: ["kourier", "istio"], written: { ingress: "istio" } });
    const meshed = await asked(["mesh/gate", "mesh/other"], "istio mesh/other");
    expect(meshed.choices).toEqual(["kourier", "istio mesh/gate", "istio mesh/other"]);
    expect(meshed.written).toMatchObject({ ingress: "istio", istioGateway: "mesh/other" });
  });

  it("propose no zone of several, but the provider whose zone is above the name that was given", async () => {
    const zones = route53("example.com", "example.org");
    const { asked, config } = await asking({ ...cloud, zones }, { domain: "x.example.org" });
    expect(asked.map(({ initial }) => initial)).toEqual([
      "magic",
      "route53",
      "letsencrypt",
      "kourier",
      "none",
      "none",
      "none",
    ]);
    expect(config.dns).toBe("route53");
  });

  it("propose a name server that the environment names", async () => {
    const zones = [{ provider: "rfc2136", title: "a name server", zones: [] }];
    const { asked } = await asking({ ...cloud, zones }, { domain: "apps.example.com" });
    expect(asked[1]?.initial).toBe("rfc2136");
  });

  it("ask for the way to the gateway only where it cannot be seen", async () => {
    const unclear = await asking({});
    expect(unclear.asked.map(({ choices }) => choices)).toContainEqual(["inside", "loadbalancer"]);
    expect(unclear.config).toMatchObject({ expose: "nodeport", address: "192.0.2.10" });
    const kind = await asking({
      cloud: { id: "kind", title: "kind" },
      loadBalancers: { work: "no", because: "kind makes none" },
    });
    expect(kind.asked).toHaveLength(5);
    expect(kind.config).toMatchObject({ expose: "nodeport" });
    expect(kind.asked[0]?.live).toBe("https://hello-default.127.0.0.1.sslip.io");
  });

  it("propose a load balancer where a cloud's controller is, and node ports where nobody makes any", async () => {
    const outside = { external: ["203.0.113.7"], internal: [] };
    const firstOf = async (id?: string, waits = false) => {
      const cloud = id === undefined ? undefined : { id, title: id };
      const service = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web", namespace: "shop" },
        spec: { type: "LoadBalancer" },
      };
      const loadBalancers = loadBalancersOf(cloud, waits ? [service] : [], []);
      const { asked } = await asking({ cloud, loadBalancers, addresses: outside });
      return asked.find(({ message }) => message === "How is the gateway reached?")?.initial;
    };
    for (const id of ["hcloud", "openstack", "k3s", "somewhere"]) expect(await firstOf(id)).toBe("loadbalancer");
    expect(await firstOf("hcloud", true)).toBe("nodeport");
    expect(await firstOf("vsphere")).toBe("nodeport");
    expect(await firstOf()).toBe("nodeport");
  });

  it("speak of answers, not of flags", async () => {
    const seen: string[] = [];
    const refusing = scripted();
    const asker: Asker = {
      text: (asking) => {
        seen.push(asking.message, asking.help);
        for (const text of ["a b", "https://x", `${"a".repeat(64)}.com`, "*.x.org", ","]) {
          const problem = asking.problem(text);
          if (problem !== undefined) seen.push(problem);
        }
        return refusing.text(asking);
      },
      choice: (asking) => {
        seen.push(asking.message, asking.help, ...asking.choices.map(({ hint }) => hint));
        return refusing.choice(asking);
      },
    };
    await askAll({ ...bare, zones: route53("example.com") }, {}, asker);
    expect(seen.filter((text) => /(^|\s)--[a-z]/.test(text))).toEqual([]);
    expect(seen.length).toBeGreaterThan(20);
  });

  it("show URLs with the port that will answer: a node's own, the one that was kept, or none where something is said to lead there", async () => {
    const outside = { addresses: { external: ["203.0.113.7"], internal: ["192.0.2.10"] } };
    const liveOf = async (sight: Partial<Sight>) => {
      const { asked } = await asking(sight);
      return new Set(asked.flatMap(({ live }) => live ?? []));
    };
    expect(await liveOf(outside)).toEqual(new Set(["https://hello-default.203.0.113.7.sslip.io:31443"]));
    const installed = kept({ expose: "nodeport" });
    const reached = { http: 80, https: 443 };
    expect(await liveOf({ ...outside, installed, reached })).toEqual(
      new Set(["https://hello-default.203.0.113.7.sslip.io"]),
    );
    expect(await liveOf({})).toEqual(new Set(["https://hello-default.192.0.2.10.sslip.io"]));
  });

  it("show the address that the load balancer has, as long as it stays", async () => {
    const installed = kept({});
    const liveOf = async (sight: Partial<Sight>) =>
      (await asking({ ...cloud, installed, ...sight })).asked.map(({ live }) => live)[0];
    expect(await liveOf({ balancer: "203.0.113.9" })).toBe("https://hello-default.203.0.113.9.sslip.io");
    expect(await liveOf({})).toBe("https://hello-default.ADDRESS.sslip.io");
    expect(await liveOf({ balancer: "lb.example.net" })).toBe("https://hello-default.ADDRESS.sslip.io");
  });

  it("take one spelling of a domain: small letters, and its ASCII form, which is shown", async () => {
    for (const [typed, ascii] of [
      ["APPS.Example.com.", "apps.example.com"],
      ["日本語.example.com", "xn--wgv71a119e.example.com"],
      ["Bücher.example", "xn--bcher-kva.example"],
    ] as const) {
      const { asked, written } = await asking(cloud, { "base domain": typed });
      expect(written.domain).toBe(ascii);
      expect(asked[0]?.live).toBe(`https://hello-default.${ascii}`);
    }
    await expect(asking(cloud, { "base domain": "日 本.example.com" })).rejects.toThrow();
    await expect(asking(cloud, { "base domain": "https://日本.example.com" })).rejects.toThrow(/scheme/);
  });

  it("ask for namespaces where each needs a certificate, and propose those with Services", async () => {
    const nested = { "makes the cert": "self-signed+1" };
    const { asked, config } = await asking({ ...cloud, served: ["shop"] }, { domain: "apps.example.com", ...nested });
    expect(asked.map(({ initial }) => initial)).toEqual([
      "magic",
      "none",
      "self-signed",
      "kourier",
      "shop",
      "none",
      "none",
    ]);
    expect(asked[2]?.live).toBe("https://hello.default.apps.example.com");
    expect(config).toMatchObject({ domainTemplate: "{{.Name}}.{{.Namespace}}.{{.Domain}}", namespaces: ["shop"] });
    const plain = await asking(cloud, { domain: "apps.example.com", "makes the certificate": "none" });
    expect(plain.asked).toHaveLength(6);
    expect(plain.asked[2]?.live).toBe("http://hello.default.apps.example.com");
  });

  it("ask for a CA's directory, for a Secret, and for an e-mail address with the choices that need them", async () => {
    const zones = route53("example.com");
    const directory = "https://ca.example.com/dir";
    const acme = await asking({ ...cloud, zones }, { "makes the cert": "acme", directory });
    expect(acme.config).toMatchObject({ tls: "acme", acmeDirectory: directory });
    const secret = await asking({ ...cloud, zones }, { "makes the cert": "secret", Secret: "default/mine" });
    expect(secret.config).toMatchObject({ tls: "secret", tlsSecret: "default/mine" });
    const mail = await asking({ ...cloud, zones }, { "write to": "a@example.com" });
    expect(mail.config).toMatchObject({ tls: "letsencrypt", acmeEmail: "a@example.com" });
  });

  it("offer the stores of logs that are there, and say how much memory a new one takes", async () => {
    const { written, asked } = await asking(
      { ...cloud, stores: [STORE] },
      { "logs of requests": `fluent-bit ${STORE.url}` },
    );
    const logs = asked.find(({ message }) => message.includes("logs of requests"));
    expect(logs?.choices).toEqual(["none", "request-logs", `fluent-bit ${STORE.url}`, "fluent-bit", "elasticsearch"]);
    expect(logs?.hints.at(-1)).toBe("They ask for 4 GiB of memory, and 100 MiB on each node; the nodes have 51.5 GB.");
    expect(written).toMatchObject({ logging: "fluent-bit", loggingOutput: STORE.output, loggingUrl: STORE.url });
    const installed = kept({ ...written, loggingCollect: "all" });
    const again = await asking({ ...cloud, stores: [STORE], installed });
    expect(completed(again.written)).toEqual(completed(installed ?? {}));
    const other = await asking({ ...cloud, stores: [STORE], installed }, { "logs of requests": "elasticsearch" });
    expect(other.config).toMatchObject({ logging: "elasticsearch" });
    for (const key of ["loggingOutput", "loggingUrl"]) expect(other.config).not.toHaveProperty(key);
  });

  it("propose the collector that is there, and offer none to a Knative that speaks no OTLP", async () => {
    const { config } = await asking({ ...cloud, collectors: [COLLECTOR] }, { "metrics go": "otlp" });
    expect(config).toMatchObject({ metrics: "otlp", metricsEndpoint: COLLECTOR });
    const wrong = asking(cloud, { "metrics go": "otlp", "take metrics": "collector:4318" });
    await expect(wrong).rejects.toThrow(/^The collector's URL cannot be "collector:4318"/);
    const old = await asking({ ...cloud, knative: { version: "1.18.2", remarks: [] } });
    expect(old.asked.at(-1)?.choices).toEqual(["none", "prometheus"]);
    const monitored = await asking({ ...cloud, isMonitored: true });
    expect(monitored.asked.at(-1)?.hints[1]).toBe("Its operator is here, and is told where to read.");
  });

  it("refuse in the sentences that the flags have, about the answer", async () => {
    const wrong = asking(cloud, { domain: "https://apps.example.com/x" });
    await expect(wrong).rejects.toThrow(
      'The domain cannot be "https://apps.example.com/x". It has a scheme. Write the name alone, for example apps.example.com.',
    );
    const long = asking(cloud, { domain: Array.from({ length: 5 }, () => "a".repeat(49)).join(".") });
    await expect(long).rejects.toThrow("a DNS name has at most 253");
    const none = asking(cloud, { domain: "apps.example.com", "makes the cert": "self-signed+1", namespaces: "," });
    await expect(none).rejects.toThrow("needs the list of namespaces");
  });

  it("do not propose magic DNS where load balancers have names only", async () => {
    const aws = {
      cloud: { id: "aws", title: "AWS", isNamed: true },
      loadBalancers: { work: "yes", because: "AWS makes them" },
    } as const;
    await expect(asking(aws)).rejects.toThrow("magic makes a name from an IP address");
  });

  it("offer no certificate that the DNS does not allow", async () => {
    const magic = await asking(cloud);
    expect(magic.asked[1]?.choices).toEqual(["self-signed", "secret", "none"]);
    const manual = await asking(cloud, { domain: "apps.example.com", DNS: "manual" });
    expect(manual.asked[2]?.choices).not.toContain("cert-manager");
    expect(manual.asked[2]?.choices).toContain("letsencrypt");
  });

  it("change nothing of an installation when everything that is proposed is taken", async () => {
    const installed = kept({
      domain: "apps.example.org",
      dns: "route53",
      dnsZoneId: "Z1",
      tls: "letsencrypt",
      acmeEmail: "a@example.com",
      domainTemplate: "nested",
      namespaces: ["shop"],
      hpa: true,
      ingress: "kourier",
      http: "enabled",
    });
    const { written, asked } = await asking({ installed, zones: route53("example.com") });
    expect(completed(written)).toEqual(completed(installed ?? {}));
    expect(asked.map(({ initial }) => initial)).toEqual([
      "apps.example.org",
      "route53",
      "letsencrypt",
      "shop",
      "a@example.com",
      "none",
      "none",
    ]);
  });

  it("forget what belonged to a choice that is given up", async () => {
    const installed = kept({
      domain: "apps.example.org",
      dns: "route53",
      dnsZoneId: "Z1",
      tls: "letsencrypt",
      acmeEmail: "a@example.com",
    });
    const { config } = await asking({ installed }, { domain: "magic", "makes the cert": "none" });
    expect(config).toMatchObject({ dns: "magic", tls: "none", http: "enabled" });
    for (const key of ["domain", "dnsZoneId", "acmeEmail"]) expect(config).not.toHaveProperty(key);
  });

  it("keep what the command line says about the run", async () => {
    const written = await askAll({ ...bare, ...cloud }, { context: "other", timeout: 60 }, scripted());
    expect(written).toMatchObject({ context: "other", timeout: 60 });
  });
});

describe("anybody's answers", () => {
  it("come to at most ten questions and to options that fit together, and so do answers given anew over them", async () => {
    await fc.assert(
      fc.asyncProperty(sights, chances, chances, async (sight, first, second) => {
        const asker = anybody(first);
        const written = await askAll(sight, {}, asker);
        expect(asker.asked.length).toBeLessThanOrEqual(10);
        expect(brokenRule(written)).toBeUndefined();
        const again = anybody(second);
        const over = await askAll({ ...sight, installed: kept(written) }, {}, again);
        expect(again.asked.length).toBeLessThanOrEqual(10);
        expect(brokenRule(over)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
