import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLASS, decodeMessage, encodeMessage, encodeRecord, TYPE } from "../../src/dns/rfc2136/message.ts";
import { encodeName } from "../../src/dns/rfc2136/names.ts";
import { openRfc2136 } from "../../src/dns/rfc2136/open.ts";
import type { Pace } from "../../src/dns/rfc2136/server.ts";
import { UserError } from "../../src/ports/error.ts";
import { type RecordSet, type Zone, ZoneMoved, ZonesUnreachable } from "../../src/ports/zones.ts";
import { type Dns, type Fault, startDns, type Zone as World } from "../../src/sandbox/dns/index.ts";
import { freePort } from "../real/ports.ts";
import { startDnsProxy } from "./dns-proxy.ts";

const KEY = { name: "kn-bootstrap", secret: Buffer.from("the hidden words").toString("base64") };
const NAMES = ["ns1.example.com", "ns2.example.com"];
const ZONE: Zone = { id: "example.com", name: "example.com", isPrivate: false, nameServers: NAMES };
const SET: RecordSet = { name: "*.apps", type: "A", ttl: 60, values: ["192.0.2.1"] };
const NEWER: RecordSet = { ...SET, values: ["192.0.2.2"] };

describe("rfc2136 when things go wrong", () => {
  let dns: Dns;
  let world: World;
  let primary: string;
  let troubles: string[];
  let onTrouble: () => void;
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    troubles = [];
    onTrouble = () => undefined;
    dns = await startDns();
    world = await dns.addZone({ name: ZONE.name, nameServers: NAMES, keys: [KEY] });
    primary = dns.endpoint("ns1.example.com");
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await dns.close();
  });

  const open = async (server: string, pace: Partial<Pace> = {}, signal = new AbortController().signal, more = {}) => {
    const zones = await openRfc2136(
      {
        env: { RFC2136_NAMESERVER: server, RFC2136_TSIG_KEY: KEY.name, RFC2136_TSIG_SECRET: KEY.secret, ...more },
        signal,
        onTrouble: (reason) => {
          troubles.push(reason);
          onTrouble();
        },
      },
      { timeoutMs: 5000, pausesMs: [10, 10], ...pace },
    );
    closing.push(zones.close);
    return zones;
  };
  const through = async (...args: Parameters<typeof startDnsProxy>) => {
    const proxy = await startDnsProxy(...args);
    closing.unshift(proxy.close);
    return proxy;
  };
  const fault = (verdict?: Fault): void => dns.setFault("ns1.example.com", verdict);
  /** What happens to the first update only. */
  const firstUpdate = (verdict: "mute" | "drop" | "servfail"): void => {
    let left = 1;
    fault(({ operation }) => (operation === "update" && left-- > 0 ? verdict : undefined));
  };
  const values = (): readonly string[] | undefined => world.records.get("*.apps.example.com", "A")?.values;

  it.each(["mute", "drop", "servfail"] as const)(
    "changes once when the first try ends in %s, and says why it took longer",
    async (how) => {
      const zones = await open(primary);
      firstUpdate(how);
      await zones.change(ZONE, [{ to: SET }]);
      expect(values()).toEqual(SET.values);
      expect(troubles).toEqual([
        `the name server ${primary} ${how === "servfail" ? "answers SERVFAIL" : "closed the connection"}`,
      ]);
      await zones.change(ZONE, [{ from: SET, to: NEWER }]);
      expect(values()).toEqual(NEWER.values);
    },
  );

  it("does not take somebody else's change for its own when an answer was lost", async () => {
    const zones = await open(primary);
    firstUpdate("mute");
    onTrouble = () => world.records.set({ name: "*.apps.example.com", type: "A", ttl: 60, values: ["192.0.2.66"] });
    await expect(zones.change(ZONE, [{ to: SET }])).rejects.toBeInstanceOf(ZoneMoved);
    expect(values()).toEqual(["192.0.2.66"]);
  });

  it("gives up on a server that never answers", async () => {
    const proxy = await through(primary, { alter: () => undefined });
    const zones = await open(proxy.server, { timeoutMs: 150 });
    const error = await zones.get(ZONE, "*.apps", "A").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ZonesUnreachable);
    expect(String(error)).toContain(`The name server ${proxy.server} did not answer within 150 ms.`);
    expect(troubles.length).toBe(2);
  });

  it("says that nobody listens", async () => {
    const server = `127.0.0.1:${await freePort()}`;
    const error = await (await open(server)).find("example.com").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ZonesUnreachable);
    expect(String(error)).toMatch(/cannot be reached: .*ECONNREFUSED/);
  });

  it("waits until the server answers what it accepted", async () => {
    const zones = await open(primary);
    fault(({ operation }) => (operation === "query" ? { lag: 300 } : undefined));
    await zones.change(ZONE, [{ to: SET }]);
    expect(await zones.get(ZONE, "*.apps", "A")).toEqual([SET]);
  });

  describe("what it accepted and does not answer", () => {
    /** `_acme-challenge.le` has a zone of its own on the same server, which answers for it. */
    const child = async () => {
      const records = [{ name: "le.example.com", type: "TXT", ttl: 60, values: ['"the child"'] }];
      return dns.addZone({ name: "le.example.com", nameServers: NAMES, records });
    };
    const hidden: RecordSet = { name: "_acme-challenge.le", type: "TXT", ttl: 60, values: ["ours"] };
    const put = (value: string): void =>
      world.records.set({ name: "_acme-challenge.le.example.com", type: "TXT", ttl: 60, values: [value] });
    const standing = () => world.records.get("_acme-challenge.le.example.com", "TXT")?.values;
    const refused = (work: Promise<unknown>): Promise<unknown> => work.catch((thrown: unknown) => thrown);

    it("is taken back, and told", async () => {
      const zones = await open(primary, { settleMs: 100 });
      const before = world.records.list().filter(({ type }) => type !== "SOA");
      fault(({ operation }) => (operation === "query" ? { lag: Number.POSITIVE_INFINITY } : undefined));
      const error = await refused(zones.change(ZONE, [{ to: SET }]));
      expect(error).toMatchObject({ id: "rfc2136.unseen", kind: "failed" });
      expect(String(error)).toMatch(/accepted the change but does not answer the new A of \*\.apps.*it was taken back/);
      expect(world.records.list().filter(({ type }) => type !== "SOA")).toEqual(before);
    });

    it("is taken back below a cut, and what stood there before is put back", async () => {
      await child();
      const zones = await open(primary, { settleMs: 100 });
      expect(await refused(zones.change(ZONE, [{ to: hidden }]))).toMatchObject({ id: "rfc2136.unseen" });
      expect(standing()).toBeUndefined();
      await zones.change(ZONE, [{ to: SET }]);
      let updates = 0;
      fault(({ operation }) => {
        if (operation === "update") updates += 1;
        return operation === "query" && updates > 0 ? { lag: Number.POSITIVE_INFINITY } : undefined;
      });
      expect(await refused(zones.change(ZONE, [{ from: SET, to: NEWER }]))).toMatchObject({ id: "rfc2136.unseen" });
      expect([updates, world.records.get("*.apps.example.com", "A")?.values]).toEqual([2, SET.values]);
    });

    it("is not taken back over somebody else's later write", async () => {
      const zones = await open(primary, { settleMs: 100 });
      fault(({ operation }) => (operation === "query" ? { lag: Number.POSITIVE_INFINITY } : undefined));
      const work = refused(zones.change(ZONE, [{ to: SET }]));
      const stop = dns.onQuery(({ operation }) => {
        if (operation === "query" && world.records.get("*.apps.example.com", "A"))
          world.records.set({ name: "*.apps.example.com", type: "A", ttl: 60, values: ["192.0.2.99"] });
      });
      expect(String(await work)).toMatch(/could not be taken back \(NXRRSET\)/);
      stop();
      expect(world.records.get("*.apps.example.com", "A")?.values).toEqual(["192.0.2.99"]);
    });

    it("is told as what stands there unseen, and not as something to read again", async () => {
      await child();
      put('"somebody\'s"');
      const zones = await open(primary);
      expect(await refused(zones.change(ZONE, [{ to: hidden }]))).toMatchObject({
        id: "rfc2136.hidden",
        kind: "failed",
        remedy: { command: expect.stringContaining("update delete _acme-challenge.le.example.com TXT") },
      });
      expect(standing()).toEqual(['"somebody\'s"']);
    });

    it("goes by its value, and nothing else goes", async () => {
      await child();
      const zones = await open(primary);
      put('"ours"');
      await zones.withdraw(ZONE, [hidden]);
      expect(standing()).toBeUndefined();
      put('"theirs"');
      await zones.withdraw(ZONE, [hidden]);
      expect(standing()).toEqual(['"theirs"']);
    });
  });

  it.each(["of the change", "of the provider"] as const)("stops at once for the signal %s", async (whose) => {
    const stop = new AbortController();
    const never = new AbortController();
    const zones = await open(primary, { timeoutMs: 30_000 }, whose === "of the provider" ? stop.signal : never.signal);
    await zones.get(ZONE, "@", "NS");
    fault("drop");
    const reason = new Error("enough");
    closing.push(dns.onQuery(() => stop.abort(reason)));
    await expect(zones.change(ZONE, [{ from: SET }], whose === "of the change" ? stop.signal : undefined)).rejects.toBe(
      reason,
    );
  });

  it("asks everything over one connection", async () => {
    const proxy = await through(primary);
    const zones = await open(proxy.server);
    await zones.find("a.example.com").catch(() => undefined);
    await Promise.all([zones.get(ZONE, "a", "A"), zones.get(ZONE, "b", "A")]);
    await zones.change(ZONE, [{ to: SET }]);
    expect(proxy.connections()).toBe(1);
  });

  it("does not mind a server that closes the connection after each answer", async () => {
    const proxy = await through(primary, { closeAfter: 1 });
    const zones = await open(proxy.server);
    await zones.change(ZONE, [{ to: SET }]);
    expect(await zones.get(ZONE, "*.apps", "A")).toEqual([SET]);
    expect(troubles).toEqual([]);
  });

  describe("something in between", () => {
    const complaint = async (alter: (answer: Buffer) => Buffer): Promise<unknown> => {
      const zones = await open((await through(primary, { alter })).server);
      return zones.get(ZONE, "@", "NS").catch((thrown: unknown) => thrown);
    };

    it("changes an answer", async () => {
      const error = await complaint((answer) => {
        // The first letter of the name that was asked for.
        answer.writeUInt8(answer.readUInt8(13) ^ 1, 13);
        return answer;
      });
      expect(error).toBeInstanceOf(UserError);
      expect(error).toMatchObject({ id: "rfc2136.key", kind: "input" });
      expect(String(error)).toContain('is not signed by the TSIG key "kn-bootstrap"');
    });

    it("takes the signature away", async () => {
      const error = await complaint((answer) => {
        answer.writeUInt16BE(answer.readUInt16BE(10) - 1, 10);
        return answer;
      });
      expect(error).toMatchObject({ id: "rfc2136.key", kind: "input" });
      expect(String(error)).toContain("does not sign its answers");
    });

    /** NOTAUTH with a TSIG of BADKEY and no MAC, or without any TSIG, for questions; updates pass. */
    const refusing = (how: "badkey" | "bare") => (answer: Buffer) => {
      if (((answer.readUInt8(2) >> 3) & 15) !== 0) return answer;
      const { question } = decodeMessage(answer);
      const bare = encodeMessage({ id: answer.readUInt16BE(0), opcode: 0, question, answers: [], authority: [] });
      bare.writeUInt16BE(0x8009, 2);
      if (how === "bare") return bare;
      const nothing = Buffer.from([0, 0, 0, 0, 0, 0, 1, 44, 0, 0, 0, 0, 0, 17, 0, 0]);
      const data = Buffer.concat([encodeName("hmac-sha256"), nothing]);
      bare.writeUInt16BE(1, 10);
      return Buffer.concat([bare, encodeRecord({ name: KEY.name, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data })]);
    };

    it.each(["badkey", "bare"] as const)("refuses signed questions (%s): no unsigned one follows", async (how) => {
      const zones = await open((await through(primary, { alter: refusing(how) })).server);
      const error = await zones.get(ZONE, "@", "NS").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ id: "rfc2136.questions", kind: "input" });
      expect((error as UserError).remedy.command).toBe("export RFC2136_PLAIN_QUESTIONS=yes");
      expect(zones.notes).toEqual([]);
    });

    it("is believed where questions are plain by the settings, which the plan says", async () => {
      const zones = await open((await through(primary)).server, {}, undefined, { RFC2136_PLAIN_QUESTIONS: "yes" });
      await zones.change(ZONE, [{ to: SET }]);
      expect(await zones.get(ZONE, "*.apps", "A")).toEqual([SET]);
      expect(zones.notes?.join()).toContain("is asked without signatures (RFC2136_PLAIN_QUESTIONS)");
    });

    it("sends what is no DNS message", async () => {
      const error = await complaint((answer) => answer.subarray(0, 20));
      expect(error).toBeInstanceOf(ZonesUnreachable);
      expect(String(error)).toContain("sent what is no DNS message");
    });
  });
});
