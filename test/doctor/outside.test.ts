import { describe, expect, it } from "vitest";
import { CHECKS } from "../../src/steps/index.ts";
import { dnsOf, type SceneZone } from "./dns.ts";
import { configMap, diagnosisOf, findingOf, object, type Scene } from "./scene.ts";

const check = (id: string) => {
  const found = CHECKS.find((one) => one.id === id);
  if (!found) throw new Error(`no check ${id}`);
  return found;
};

const GATEWAY = "203.0.113.7";
const ZONE: SceneZone = {
  name: "example.com",
  servers: { "ns1.example.net": "192.0.2.1", "ns2.example.net": "192.0.2.2" },
  records: [`*.apps A ${GATEWAY}`],
};
const service = (host: string, labels: Record<string, string> = {}) =>
  object("Service.serving.knative.dev/v1", `default/${host}`, { status: { url: `https://${host}` } }, { labels });
const gateway = (ingress: readonly object[]) =>
  object("Service", "kourier-system/kourier", { status: { loadBalancer: { ingress } } });
const cluster = (domain: string, hosts: readonly string[], at: readonly object[] = [{ ip: GATEWAY }]) => [
  configMap("config-network", { "ingress-class": "kourier.ingress.networking.knative.dev" }),
  configMap("config-domain", { [domain]: "" }),
  gateway(at),
  ...hosts.map((host) => service(host)),
];
const HELLO = "hello-default.apps.example.com";
const scene = (zone: Partial<SceneZone> = {}, more: Partial<Scene> = {}): Scene => ({
  objects: cluster("apps.example.com", [HELLO]),
  dns: dnsOf([{ ...ZONE, ...zone }]),
  ...more,
});

const DNS = ["dns.resolver", "dns.delegated", "dns.target", "dns.shadows", "dns.writers", "dns.horizon"];

describe("a domain that is well", () => {
  it.each(DNS)("%s", async (id) => {
    expect(await findingOf(scene(), check(id))).toMatchObject({ status: "ok" });
  });

  it("is judged by a few questions", async () => {
    const asked = new Set<string>();
    const dns = dnsOf([ZONE]);
    const noting: Scene["dns"] = (...of) => {
      asked.add(of.join(" "));
      return dns(...of);
    };
    await diagnosisOf(scene({}, { dns: noting }), DNS.map(check));
    expect(asked.size).toBeLessThan(60);
  });
});

describe("what is not of the public DNS is left alone", () => {
  it.each([
    ["knative.local", /no public name ends in local/],
    ["10.0.0.7.nip.io", /nip\.io answers with the address/],
    ["203.0.113.7.sslip.io", /sslip\.io answers/],
    ["svc.cluster.local", /no public name ends in local/],
    ["example.com", /Knative's own example/],
  ])("%s", async (domain, because) => {
    for (const id of DNS) {
      const finding = await findingOf({ objects: cluster(domain, [`a.${domain}`]) }, check(id));
      expect(finding).toMatchObject({ status: "skipped", summary: expect.stringMatching(because) });
    }
  });

  it("a gateway for the cluster alone", async () => {
    const objects = cluster("apps.example.com", [HELLO], []);
    expect(await findingOf(scene({}, { objects }), check("dns.target"))).toMatchObject({ status: "skipped" });
  });

  it("a private load balancer whose names the public does not know", async () => {
    const objects = cluster("apps.example.com", [HELLO], [{ ip: "10.1.2.3" }]);
    expect(await findingOf(scene({ records: [] }, { objects }), check("dns.target"))).toMatchObject({
      status: "skipped",
      summary: expect.stringMatching(/a network of its own/),
    });
  });
});

it("a resolver that does not answer is said once", async () => {
  const { all } = await diagnosisOf({ objects: cluster("apps.example.com", [HELLO]) }, DNS.map(check));
  expect(all.map(({ finding }) => finding.status)).toEqual(["unknown", ...DNS.slice(1).map(() => "skipped")]);
});

describe("dns.delegated", () => {
  const delegated = check("dns.delegated");
  it("names a zone that nobody delegates to", async () => {
    const finding = await findingOf({ objects: cluster("apps.example.com", [HELLO]), dns: dnsOf([]) }, delegated);
    expect(finding).toMatchObject({
      status: "fail",
      summary: "example.com is not delegated: the servers of com know no such zone",
      remedy: { command: "dig +trace NS example.com" },
    });
  });

  it("names servers that know nothing of it, as after the zone was made anew", async () => {
    const finding = await findingOf(scene({ isLame: true }), delegated);
    expect(finding).toMatchObject({ status: "fail", summary: expect.stringMatching(/answers REFUSED/) });
  });

  it("names a twin: the parent's servers and the zone's own are others", async () => {
    const finding = await findingOf(scene({ ns: ["ns7.example.org", "ns8.example.org"] }), delegated);
    expect(finding).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(/delegated to ns1.* served by ns7/),
      remedy: { text: expect.stringMatching(/to: ns7\.example\.org, ns8\.example\.org/) },
    });
  });
});

describe("dns.target", () => {
  const target = check("dns.target");
  const page = (status: number) => ({ status, headers: { server: "envoy" }, body: "" });
  const stale = { records: ["*.apps A 198.51.100.9"] };

  it("names a record that still leads to a load balancer that is gone, with the record to write", async () => {
    const probe: Scene["probe"] = ({ address }) => {
      if (address !== GATEWAY) throw new Error("connect ETIMEDOUT");
      return page(404);
    };
    expect(await findingOf(scene(stale, { probe }), target)).toMatchObject({
      status: "fail",
      summary: `${HELLO} leads to 198.51.100.9, and the gateway is at ${GATEWAY}`,
      remedy: { command: `*.apps.example.com. 300 IN A ${GATEWAY}` },
    });
  });

  it("names a record that leads to somebody else", async () => {
    const probe: Scene["probe"] = ({ address }) => page(address === GATEWAY ? 404 : 200);
    expect(await findingOf(scene(stale, { probe }), target)).toMatchObject({ status: "fail" });
  });

  it("takes a proxy, by which the gateway answers, for well", async () => {
    expect(await findingOf(scene(stale, { probe: () => page(404) }), target)).toMatchObject({ status: "ok" });
  });

  it("warns where neither answers from here", async () => {
    expect(await findingOf(scene(stale), target)).toMatchObject({ status: "warn" });
  });

  it("names a name that leads nowhere, with the record to write", async () => {
    expect(await findingOf(scene({ records: [] }), target)).toMatchObject({
      status: "fail",
      summary: `no name server of example.com knows ${HELLO}`,
      remedy: { command: `*.apps.example.com. 300 IN A ${GATEWAY}` },
    });
  });

  it("names one of two addresses that is not the gateway's", async () => {
    const records = [`*.apps A ${GATEWAY}`, "*.apps A 198.51.100.9"];
    expect(await findingOf(scene({ records }), target)).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(/of which 198\.51\.100\.9 is not the gateway's/),
    });
  });

  it("goes by the name of a load balancer, or by any of its addresses", async () => {
    const elb = "k8s-1.elb.eu-central-1.amazonaws.com";
    const objects = cluster("apps.example.com", [HELLO], [{ hostname: elb }]);
    for (const record of [`*.apps CNAME ${elb}`, "*.apps A 198.51.100.7"]) {
      const dns = dnsOf([{ ...ZONE, records: [record] }], { [elb]: "198.51.100.7" });
      expect(await findingOf({ objects, dns }, target)).toMatchObject({ status: "ok" });
    }
    const dns = dnsOf([{ ...ZONE, records: ["*.apps CNAME old.elb.eu-central-1.amazonaws.com"] }], {
      [elb]: "198.51.100.7",
    });
    expect(await findingOf({ objects, dns }, target)).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/old\.elb\..*, which has no address/),
      remedy: { command: `*.apps.example.com. 300 IN CNAME ${elb}.` },
    });
  });

  it("looks at the name of a DomainMapping, too", async () => {
    const mapping = object("DomainMapping.serving.knative.dev/v1beta1", "default/www.example.com");
    const objects = [...cluster("apps.example.com", [HELLO]), mapping];
    expect(await findingOf(scene({}, { objects }), target)).toMatchObject({
      status: "fail",
      summary: "no name server of example.com knows www.example.com",
      remedy: { command: `www.example.com. 300 IN A ${GATEWAY}` },
    });
  });
});

describe("dns.shadows", () => {
  const nested = ["hello.default.apps.example.com", "hello.other.apps.example.com"];
  const objects = cluster("apps.example.com", nested);
  it("names the challenge that takes a namespace from the wildcard", async () => {
    const records = [...(ZONE.records ?? []), '_acme-challenge.default.apps TXT "left"'];
    expect(await findingOf(scene({ records }, { objects }), check("dns.shadows"))).toMatchObject({
      status: "fail",
      summary:
        "*.apps.example.com does not answer for hello.default.apps.example.com, because of _acme-challenge.default.apps.example.com TXT",
      remedy: {
        text: expect.stringMatching(/203\.0\.113\.7.* at \*\.default\.apps\.example\.com/),
        command: "dig +norecurse TXT _acme-challenge.default.apps.example.com @192.0.2.1",
      },
    });
  });

  it("names a host that has a record of another kind", async () => {
    const records = [...(ZONE.records ?? []), 'hello.other.apps TXT "v=spf1 -all"'];
    expect(await findingOf(scene({ records }, { objects }), check("dns.shadows"))).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/because of hello\.other\.apps\.example\.com TXT|stands at or below other\.apps/),
    });
  });

  it("is content with a wildcard of its own below the name", async () => {
    const records = [...(ZONE.records ?? []), '_acme-challenge.default.apps TXT "left"', `*.default.apps A ${GATEWAY}`];
    expect(await findingOf(scene({ records }, { objects }), check("dns.shadows"))).toMatchObject({ status: "ok" });
  });
});

describe("dns.writers", () => {
  const ours = '_kn-bootstrap.apps TXT "heritage=kn-bootstrap,id=this"';
  const registry = 'cname-hello-default.apps TXT "heritage=external-dns,external-dns/owner=prod"';
  const system = object("Namespace", "kube-system", {}, { uid: "this" });
  const withMarks = (...marks: readonly string[]) =>
    scene(
      { records: [...(ZONE.records ?? []), ...marks] },
      { objects: [...cluster("apps.example.com", [HELLO]), system] },
    );
  it.each([
    [[ours], "ok", /kn-bootstrap of this cluster/],
    [[registry], "ok", /external-dns "prod"/],
    [[ours, registry], "warn", /kn-bootstrap of this cluster, external-dns "prod" all write/],
    [[ours.replace("this", "that")], "warn", /kept by kn-bootstrap of another cluster \(that\)/],
  ])("%j: %s", async (marks, status, summary) => {
    expect(await findingOf(withMarks(...marks), check("dns.writers"))).toMatchObject({
      status,
      summary: expect.stringMatching(summary),
    });
  });
});

describe("dns.horizon", () => {
  const lying = (value: string | undefined): NonNullable<Scene["dns"]> => {
    const dns = dnsOf([ZONE]);
    return (name, type, server) => {
      const answer = dns(name, type, server);
      if (!answer || server !== undefined || name !== HELLO) return answer;
      if (value === undefined) return { ...answer, rcode: "NXDOMAIN", answers: [] };
      return { ...answer, answers: type === "A" ? [{ name, type, ttl: 60, value }] : [] };
    };
  };
  it.each([
    ["198.51.100.77", "warn"],
    [undefined, "warn"],
    ["10.0.0.9", "ok"],
  ])("a resolver that answers %s", async (value, status) => {
    expect(await findingOf(scene({}, { dns: lying(value) }), check("dns.horizon"))).toMatchObject({ status });
  });
});

describe("domain.magic", () => {
  it.each([
    ["203.0.113.7.sslip.io", [{ ip: GATEWAY }], "ok"],
    ["198-51-100-9.nip.io", [{ ip: GATEWAY }], "fail"],
    ["127.0.0.1.sslip.io", [{ ip: GATEWAY }], "skipped"],
    ["apps.example.com", [{ ip: GATEWAY }], "skipped"],
  ])("%s", async (domain, at, status) => {
    const finding = await findingOf({ objects: cluster(domain, [], at) }, check("domain.magic"));
    expect(finding).toMatchObject({ status });
  });

  it("names the load balancer whose name has other addresses by now", async () => {
    const elb = "k8s-1.elb.eu-central-1.amazonaws.com";
    const objects = cluster("198.51.100.9.sslip.io", [], [{ hostname: elb }]);
    const dns = dnsOf([], { [elb]: "198.51.100.7" });
    expect(await findingOf({ objects, dns }, check("domain.magic"))).toMatchObject({
      status: "fail",
      remedy: { text: expect.stringMatching(/a domain of your own/) },
    });
  });
});
