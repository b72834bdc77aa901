import { describe, expect, it } from "vitest";
import { serversPrompt } from "../../src/checks/outside/prompt.ts";
import { resolverAnswers } from "../../src/checks/outside/resolver.ts";
import { dnsOf, type SceneZone } from "./dns.ts";
import { configMap, findingOf, type Scene } from "./scene.ts";

const ZONE: SceneZone = {
  name: "example.com",
  servers: { "ns1.example.net": "192.0.2.1", "ns2.example.net": "192.0.2.2" },
  records: ["*.apps A 203.0.113.7"],
};

/** `ms`: how long a server takes (undefined: the resolver), for the type that is asked. */
const scene = (ms: (server: string | undefined, type: string) => number): Scene => {
  const answer = dnsOf([ZONE]);
  return {
    objects: [configMap("config-domain", { "apps.example.com": "" })],
    dns: (name, type, server) => {
      const said = answer(name, type, server);
      const took = ms(server, type);
      return said && { ...said, ...(took >= 1_000 ? { ms: took } : {}) };
    },
  };
};

describe("dns.prompt", () => {
  it.each([
    ["all answer soon", () => 20, "ok", /example\.com/],
    ["all are late", (server?: string) => (server ? 2_500 : 20), "fail", /every server of example\.com takes 2\.5 s/],
    ["one is late", (server?: string) => (server === "192.0.2.2" ? 3_100 : 20), "warn", /a server .* 3\.1 s .*: ns2\./],
    ["one answer was late", (server?: string, type?: string) => (server && type === "SOA" ? 4_000 : 20), "ok", /./],
    ["slow, and not late", () => 1_500, "ok", /./],
  ] as const)("%s", async (_what, ms, status, summary) => {
    expect(await findingOf(scene(ms), serversPrompt)).toMatchObject({
      status,
      summary: expect.stringMatching(summary),
    });
  });
});

describe("dns.resolver", () => {
  it("names one that is late, and how late", async () => {
    expect(
      await findingOf(
        scene((server) => (server ? 20 : 2_500)),
        resolverAnswers,
      ),
    ).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/takes 2\.5 s to answer$/),
      remedy: { command: "kn-bootstrap doctor --dns-resolver 192.0.2.53" },
    });
    expect(
      await findingOf(
        scene(() => 20),
        resolverAnswers,
      ),
    ).toMatchObject({ status: "ok" });
  });

  it("does not judge by one that knows not even the root", async () => {
    const broken: Scene = {
      ...scene(() => 20),
      dns: () => ({
        server: "192.0.2.53",
        rcode: "SERVFAIL",
        authoritative: false,
        answers: [],
        authority: [],
        additional: [],
      }),
    };
    expect(await findingOf(broken, resolverAnswers)).toMatchObject({
      status: "unknown",
      summary: expect.stringMatching(/answers SERVFAIL even for the root's name servers$/),
    });
    expect(await findingOf(broken, serversPrompt)).toMatchObject({ status: "skipped" });
  });
});
