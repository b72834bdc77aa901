import { spawn } from "node:child_process";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Dns, startDns, type TsigKey, type Zone } from "../../src/sandbox/dns/index.ts";
import { isInstalled } from "../real/programs.ts";

const KEY: TsigKey = { name: "updater", algorithm: "hmac-sha256", secret: Buffer.alloc(32, 1).toString("base64") };
const LONG_KEY: TsigKey = {
  name: "long.key",
  algorithm: "hmac-sha512",
  secret: Buffer.alloc(64, 2).toString("base64"),
};

let dns: Dns;
let zone: Zone;
let skewMs = 0;
beforeAll(async () => {
  dns = await startDns({ now: () => Date.now() + skewMs });
});
beforeEach(async () => {
  skewMs = 0;
});
afterAll(() => dns.close());

let count = 0;
const freshZone = async (): Promise<readonly [host: string, port: string]> => {
  count += 1;
  zone = await dns.addZone({ name: `zone${count}.example`, keys: [KEY, LONG_KEY] });
  const [host = "", port = ""] = dns.endpoint(zone.nameServers[0] ?? "").split(":");
  return [host, port];
};

/** Without waiting in this process, where the server is. */
const run = (program: string, args: readonly string[], input = ""): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    child.once("error", reject);
    child.once("close", () => resolve(output));
    child.stdin.end(input);
  });

const PROGRAMS = [
  ["knsupdate", "Debian: knot-dnsutils"],
  ["nsupdate", "Debian: bind9-dnsutils"],
].flatMap(([program = "", hint = ""]) => (isInstalled([program], hint) ? [program] : []));

describe.skipIf(PROGRAMS.length === 0).each(PROGRAMS)("updates by %s", (program) => {
  const send = async (key: TsigKey | undefined, ...lines: readonly string[]): Promise<string> => {
    const [host, port] = dns.endpoint(zone.nameServers[0] ?? "").split(":");
    const script = [
      `server ${host} ${port}`,
      `zone ${zone.name}`,
      ...(key ? [`key ${key.algorithm}:${key.name} ${key.secret}`] : []),
      ...lines,
      "send",
      "",
    ].join("\n");
    return run(program, [], script.replaceAll("ZONE", zone.name));
  };
  const values = (name: string, type: string): readonly string[] | undefined =>
    zone.records.get(`${name}.${zone.name}`, type)?.values;

  it("adds, removes and replaces with either algorithm", async () => {
    await freshZone();
    expect(await send(KEY, 'update add t.ZONE 60 TXT "one two" "three"', "update add *.apps.ZONE 60 A 192.0.2.1")).toBe(
      "",
    );
    expect(await send(LONG_KEY, "update add t.ZONE 30 TXT four", "update add *.apps.ZONE 60 A 192.0.2.2")).toBe("");
    expect(values("t", "TXT")).toEqual(['"one two" "three"', '"four"']);
    expect(zone.records.get(`t.${zone.name}`, "TXT")?.ttl).toBe(30);
    await send(KEY, 'update delete t.ZONE TXT "four"', "update delete *.apps.ZONE A");
    expect([values("t", "TXT"), values("*.apps", "A")]).toEqual([['"one two" "three"'], undefined]);
    await send(KEY, "update add t.ZONE 60 A 192.0.2.9", "update delete t.ZONE");
    expect(zone.records.list().filter(({ name }) => name.startsWith("t."))).toEqual([]);
    await send(KEY, "update delete ZONE NS", "update delete ZONE SOA");
    expect(zone.records.list().map(({ type }) => type)).toEqual(["NS", "SOA"]);
  });

  it("holds every prerequisite, or changes nothing", async () => {
    await freshZone();
    await send(KEY, "update add a.ZONE 60 A 192.0.2.1", "update add a.ZONE 60 A 192.0.2.2");
    expect(await send(KEY, "prereq nxrrset a.ZONE A", "update add b.ZONE 60 A 192.0.2.3")).toContain("YXRRSET");
    expect(await send(KEY, "prereq yxrrset a.ZONE TXT", "update add b.ZONE 60 A 192.0.2.3")).toContain("NXRRSET");
    expect(await send(KEY, "prereq nxdomain a.ZONE", "update add b.ZONE 60 A 192.0.2.3")).toContain("YXDOMAIN");
    expect(await send(KEY, "prereq yxdomain b.ZONE", "update add b.ZONE 60 A 192.0.2.3")).toContain("NXDOMAIN");
    expect(await send(KEY, "prereq yxrrset a.ZONE A 192.0.2.1", "update delete a.ZONE A")).toContain("NXRRSET");
    expect([values("a", "A"), values("b", "A")]).toEqual([["192.0.2.1", "192.0.2.2"], undefined]);
    const exact = [
      "prereq yxrrset a.ZONE A 192.0.2.2",
      "prereq yxrrset a.ZONE A 192.0.2.1",
      "prereq nxrrset a.ZONE TXT",
    ];
    expect(await send(KEY, ...exact, "update delete a.ZONE A", "update add a.ZONE 60 CNAME b.ZONE")).toBe("");
    expect([values("a", "A"), values("a", "CNAME")]).toEqual([undefined, [`b.${zone.name}`]]);
  });

  it("refuses who does not sign, signs with another key or at another time", async () => {
    await freshZone();
    const line = "update add a.ZONE 60 A 192.0.2.1";
    expect(await send(undefined, line)).toContain("REFUSED");
    expect(await send({ ...KEY, name: "stranger" }, line)).toMatch(/BADKEY|NOTAUTH/);
    expect(await send({ ...KEY, secret: LONG_KEY.secret }, line)).toMatch(/BADSIG|NOTAUTH/);
    skewMs = 3_600_000;
    expect(await send(KEY, line)).toMatch(/BADTIME|NOTAUTH|clocks/);
    skewMs = 0;
    expect(values("a", "A")).toBeUndefined();
    expect(await send(KEY, line)).toBe("");
    expect(values("a", "A")).toEqual(["192.0.2.1"]);
  });
});

/** Both programs print this about a signature that does not hold. */
const COMPLAINT = /^;; (WARNING|ERROR)|[Vv]erify|BAD(SIG|KEY|TIME)/m;
const ASKERS = [
  ["kdig", "Debian: knot-dnsutils"],
  ["dig", "Debian: bind9-dnsutils"],
].flatMap(([program = "", hint = ""]) => (isInstalled([program], hint) ? [program] : []));

describe.skipIf(ASKERS.length === 0).each(ASKERS)("signed questions by %s", (program) => {
  const ask = async (key: TsigKey | undefined, ...question: readonly string[]): Promise<string> => {
    const [host, port = ""] = dns.endpoint(zone.nameServers[0] ?? "").split(":");
    const signed = key ? ["-y", `${key.algorithm}:${key.name}:${key.secret}`] : [];
    return run(program, [`@${host}`, "-p", port, ...signed, "+norecurse", ...question]);
  };

  it("are answered with a signature that holds", async () => {
    await freshZone();
    const output = await ask(KEY, zone.name, "SOA");
    expect(output).toContain("hostmaster.dns.test.");
    expect(output).not.toMatch(COMPLAINT);
    expect(await ask({ ...KEY, name: "stranger" }, zone.name, "SOA")).toMatch(/BADKEY/i);
  });

  it("outside the server's zones are refused to a key that it knows, as real servers do", async () => {
    await freshZone();
    const output = await ask(KEY, "elsewhere.org", "SOA");
    expect(output).toContain("REFUSED");
    expect(output).not.toMatch(COMPLAINT);
    expect(await ask({ ...KEY, name: "stranger" }, "elsewhere.org", "SOA")).toMatch(/BADKEY/i);
  });

  it("take each zone over by its own key, when keys of one server bear one name", async () => {
    const other = { ...KEY, secret: Buffer.alloc(32, 3).toString("base64") };
    await freshZone();
    const { nameServers } = zone;
    const below = await dns.addZone({ name: `sub.${zone.name}`, nameServers, keys: [other] });
    const same = await dns.addZone({ name: `same.${zone.name}`, nameServers, keys: [{ ...KEY }] });
    for (const [key, name] of [
      [KEY, zone.name],
      [other, below.name],
      [KEY, same.name],
    ] as const)
      expect((await ask(key, name, "AXFR")).match(/\sIN\s+SOA\s/g)).toHaveLength(2);
    expect(await ask(KEY, below.name, "AXFR")).not.toMatch(/\sIN\s+SOA\s/);
  });

  it("take the whole zone over, in several messages, with the key alone", async () => {
    await freshZone();
    zone.records.edit((draft) => {
      for (let index = 0; index < 250; index += 1)
        draft.put({ name: `h${index}.${zone.name}`, type: "A", ttl: 60, values: ["192.0.2.1"] });
    });
    const output = await ask(LONG_KEY, zone.name, "AXFR");
    expect(output).not.toMatch(COMPLAINT);
    expect(output.match(/\sIN\s+A\s/g)).toHaveLength(250);
    expect(output.match(/\sIN\s+SOA\s/g)).toHaveLength(2);
    expect(await ask(undefined, zone.name, "AXFR")).not.toMatch(/\sIN\s+A\s/);
  });
});
