import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRfc2136 } from "../../src/dns/rfc2136/open.ts";
import type { Pace } from "../../src/dns/rfc2136/server.ts";
import { zoneFile } from "../real/daemon.ts";
import { hasPowerDns, startPowerDns } from "../real/powerdns.ts";

const KEY = { name: "key", algorithm: "hmac-sha256", secret: Buffer.from("the hidden words").toString("base64") };

// PowerDNS tells nothing about a signature that it does not like, and does not sign that.
describe.runIf(hasPowerDns())("rfc2136 before a real PowerDNS", () => {
  let server: Awaited<ReturnType<typeof startPowerDns>>;
  beforeAll(async () => {
    server = await startPowerDns({ "example.com": zoneFile("example.com") }, KEY);
  });
  afterAll(() => server?.close());

  const find = async (
    env: Readonly<Record<string, string>>,
    pace: Partial<Pace> = {},
    domain = "a.example.com",
  ): Promise<unknown> => {
    const zones = await openRfc2136(
      {
        env: { RFC2136_NAMESERVER: server.server, RFC2136_TSIG_KEY: KEY.name, RFC2136_TSIG_SECRET: KEY.secret, ...env },
        signal: new AbortController().signal,
        onTrouble: () => undefined,
      },
      pace,
    );
    return zones
      .find(domain)
      .catch((thrown: unknown) => thrown)
      .finally(zones.close);
  };

  it.each([
    ["another secret", { RFC2136_TSIG_SECRET: "b3RoZXI=" }, 0],
    ["an unknown key", { RFC2136_TSIG_KEY: "stranger" }, 0],
    ["another algorithm", { RFC2136_TSIG_ALGORITHM: "hmac-sha1" }, 0],
    ["another time", {}, 3_600_000],
  ] as const)("does not take %s for a missing zone", async (_, env, ahead) => {
    const error = await find(env, { now: () => Date.now() + ahead });
    expect(error).toMatchObject({ id: "rfc2136.key", kind: "input" });
    expect(String(error)).toContain("does not accept the TSIG key");
  });

  it("finds its zone, and none where it has none", async () => {
    expect(await find({})).toMatchObject([{ name: "example.com" }]);
    expect(await find({}, {}, "elsewhere.invalid")).toEqual([]);
  });
});
