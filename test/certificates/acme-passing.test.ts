import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { LEDGER, parseLedger } from "../../src/certificates/acme/ledger.ts";
import { keyOf } from "../../src/ports/object.ts";
import { type AcmeFaults, startAcme } from "../../src/sandbox/acme/index.ts";
import { memoryZones, NAMES, type Scene, scene, TARGET, wish } from "./acme-scene.ts";
import { startTxtServer, type TxtServer } from "./txt-server.ts";

let dns: TxtServer;
beforeAll(async () => {
  dns = await startTxtServer();
});
afterAll(() => dns.close());

const start = async (orderPausesMs: readonly number[] = [1, 1]) => {
  const ca = await startAcme({ resolver: dns.address });
  const authority = createAuthority({ directory: ca.directory, ca: ca.tlsCa, env: {}, pausesMs: [] });
  const own = scene(authority, memoryZones(dns.txt), { settings: { root: ca.root }, orderPausesMs });
  return { ca, ...own, begin: () => own.issuer.issue(wish(), own.tools()) };
};

/** The CA's resolver fails so often for the type. */
const failing = (type: "TXT" | "CAA", times: number, code = "ESERVFAIL"): AcmeFaults => {
  let left = times;
  return { lookup: (asked) => (asked === type && left-- > 0 ? code : undefined) };
};

const failuresIn = ({ cluster }: Pick<Scene, "cluster">) =>
  parseLedger(cluster.objects.get(keyOf(LEDGER))).filter(({ kind }) => kind === "failed");

it("notes until when the CA takes no order, and asks again all the same", async () => {
  const { ca, begin, cluster, secret } = await start();
  ca.setFaults({ rateLimited: { detail: "too many of everything", retryAfterSeconds: 7_200 } });
  await expect(begin()).rejects.toMatchObject({ id: "acme.rate-limited" });
  const noted = () => parseLedger(cluster.objects.get(keyOf(LEDGER)));
  expect(noted()).toMatchObject([{ kind: "refused", directory: ca.directory, names: [...NAMES].sort() }]);
  const [{ at, until } = {}] = noted();
  expect(((until?.getTime() ?? 0) - (at?.getTime() ?? 0)) / 3_600_000).toBeCloseTo(2, 1);
  ca.setFaults({});
  await begin();
  expect(secret("tls.crt")).toContain("BEGIN CERTIFICATE");
  expect(noted().map(({ kind }) => kind)).toEqual(["issued"]);
  await ca.close();
});

describe("trouble of the CA that passes", () => {
  it.each(["TXT", "CAA"] as const)("one SERVFAIL for %s costs an order, and no second certificate", async (type) => {
    const { ca, begin, said, secret, zones, cluster, kept } = await start();
    ca.setFaults(failing(type, 1));
    await begin();
    expect(secret("tls.crt")).toContain("BEGIN CERTIFICATE");
    expect(ca.certificates()).toHaveLength(1);
    expect(ca.orders().map(({ status }) => status)).toEqual(["invalid", "valid"]);
    expect(said.find((reason) => reason.includes("SERVFAIL"))).toMatch(
      new RegExp(
        `could not look up \\S+: .*SERVFAIL looking up ${type} for .*; order 2 of at most 3 follows in 0.001 s$`,
      ),
    );
    // A failed validation counts at the CA, whoever is to blame.
    expect(failuresIn({ cluster })).toHaveLength(1);
    expect(zones.sets).toEqual([]);
    expect(kept("acme-order-")).toEqual([]);
    await ca.close();
  });

  it("three orders are all, and the end says how many there were and which record to ask for", async () => {
    const { ca, begin, zones, cluster, kept } = await start();
    ca.setFaults(failing("CAA", 1_000));
    await expect(begin()).rejects.toMatchObject({
      id: "acme.dns",
      why: expect.stringContaining("It was so for each of 3 orders."),
      remedy: {
        text: expect.stringContaining("without an answer no CA may issue"),
        command: expect.stringMatching(/^dig \+trace CAA (\S+\.)?example\.com$/),
      },
      kind: "failed",
    });
    expect(ca.orders().map(({ status }) => status)).toEqual(["invalid", "invalid", "invalid"]);
    expect(ca.certificates()).toEqual([]);
    expect(failuresIn({ cluster }).length).toBeGreaterThanOrEqual(3);
    expect(cluster.objects.has(keyOf(TARGET))).toBe(false);
    expect(zones.sets).toEqual([]);
    expect(kept("acme-order-")).toEqual([]);
    await ca.close();
  });

  it("a name that does not exist is final: one order", async () => {
    const { ca, begin } = await start();
    ca.setFaults(failing("TXT", 1_000, "ENOTFOUND"));
    await expect(begin()).rejects.toMatchObject({
      id: "acme.dns",
      remedy: { command: expect.stringMatching(/^dig \+trace TXT _acme-challenge\./) },
    });
    expect(ca.orders()).toHaveLength(1);
    await ca.close();
  });

  it("5xx, and a moment that it names, cost neither an order nor what stands in the zone", async () => {
    const { ca, begin, said, zones } = await start();
    let challenged = false;
    const isFelt = ({ path }: { path: string }): boolean => {
      challenged ||= path.startsWith("/challenge/");
      return challenged;
    };
    ca.setFaults({ unavailable: { status: 500, requests: 2, isFelt } });
    await begin();
    expect(ca.orders()).toHaveLength(1);
    expect(ca.certificates().map(({ names }) => [...names].sort())).toEqual([[...NAMES].sort()]);
    expect(said.join("\n")).toContain("does not answer as it should: it answers 500");
    // Written once, taken away once.
    expect(zones.batches).toHaveLength(2);
    await ca.close();
  });

  it("the end of the step's time ends it with the reason, and takes the records back", async () => {
    const { ca, issuer, tools, said, zones } = await start();
    ca.setFaults({ unavailable: { status: 500, isFelt: ({ path }) => path.startsWith("/challenge/") } });
    const late = new AbortController();
    const reason = new Error("time is up");
    const onWaiting = (text: string): void => {
      said.push(text);
      if (text.includes("it answers 500")) late.abort(reason);
    };
    await expect(issuer.issue(wish(), tools({ signal: late.signal, onWaiting }))).rejects.toBe(reason);
    expect(zones.sets).toEqual([]);
    await ca.close();
  });
});
