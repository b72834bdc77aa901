import { createSocket } from "node:dgram";
import { type Answer, decode } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { NoAnswer } from "../../src/ports/dns.ts";
import { type Responder, reply, startResponder } from "../dns/responder.ts";

const running: Responder[] = [];
const serve = async (...args: Parameters<typeof startResponder>): Promise<Responder> => {
  const responder = await startResponder(...args);
  running.push(responder);
  return responder;
};
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

const a = (name: string, data: string): Answer => ({ type: "A", name, ttl: 60, data });
/** A server's view of one address: `askServer` goes to the responder. */
const at = (responder: Responder, timeoutMs = 2_000) =>
  createResolver({ connectTo: new Map([["192.0.2.53", responder.at]]), timeoutMs });

describe("a resolver", () => {
  it("asks over UDP with EDNS, says what came and who said it", async () => {
    const server = await serve(({ name }) => ({ answers: [a(name, "203.0.113.7")] }));
    const answer = await at(server).askServer("192.0.2.53", "www.example.com", "A");
    expect(answer).toEqual({
      server: "192.0.2.53",
      rcode: "NOERROR",
      authoritative: true,
      answers: [{ name: "www.example.com", type: "A", ttl: 60, value: "203.0.113.7" }],
      authority: [],
      additional: [],
    });
    expect(server.asked).toEqual([
      { name: "www.example.com", type: "A", transport: "udp", recursion: false, payload: 1232 },
    ]);
  });

  it("asks the named server recursively, and says its name", async () => {
    const server = await serve(({ name }) => ({ aa: false, answers: [a(name, "203.0.113.7")] }));
    const resolver = createResolver({ server: server.at });
    expect(resolver.server).toBe(server.at);
    const answer = await resolver.ask("www.example.com", "A");
    expect(answer.authoritative).toBe(false);
    expect(server.asked[0]?.recursion).toBe(true);
  });

  it("takes an answer that comes while it is asking again already", async () => {
    const server = createSocket("udp4");
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    const first: { message: Buffer; port: number }[] = [];
    server.on("message", (message, { port }) => {
      const [late] = first;
      first.push({ message, port });
      if (!late) return;
      const { name = "" } = decode(late.message).questions?.[0] ?? {};
      server.send(reply(decode(late.message), { answers: [a(name, "203.0.113.7")] }), late.port, "127.0.0.1");
    });
    const resolver = createResolver({ server: `127.0.0.1:${server.address().port}`, timeoutMs: 100 });
    const { answers } = await resolver.ask("www.example.com", "A");
    server.close();
    expect(answers.map(({ value }) => value)).toEqual(["203.0.113.7"]);
  });

  it("reads every kind of record as people write it", async () => {
    const name = "Example.COM";
    const server = await serve(() => ({
      answers: [
        { type: "TXT", name, ttl: 1, data: ["heritage=kn-bootstrap,", "id=42"] },
        { type: "CAA", name, ttl: 1, data: { flags: 128, tag: "issue", value: "letsencrypt.org; accounturi=x" } },
        { type: "CNAME", name, ttl: 1, data: "LB.Example.net" },
        { type: "AAAA", name, ttl: 1, data: "2001:db8:0:0::0007" },
      ],
      authorities: [
        {
          type: "SOA",
          name,
          ttl: 1,
          data: {
            mname: "ns1.example.com",
            rname: "host.example.com",
            serial: 7,
            refresh: 1,
            retry: 2,
            expire: 3,
            minimum: 4,
          },
        },
      ],
      additionals: [a("NS1.example.com", "198.51.100.1")],
    }));
    const { answers, authority, additional } = await at(server).askServer("192.0.2.53", "example.com", "TXT");
    expect(answers.map(({ value }) => value)).toEqual([
      "heritage=kn-bootstrap,id=42",
      '128 issue "letsencrypt.org; accounturi=x"',
      "lb.example.net",
      "2001:db8::7",
    ]);
    expect(answers.every((record) => record.name === "example.com")).toBe(true);
    expect(authority[0]?.value).toBe("ns1.example.com host.example.com 7 1 2 3 4");
    expect(additional).toEqual([{ name: "ns1.example.com", type: "A", ttl: 60, value: "198.51.100.1" }]);
  });

  it("asks again over TCP when the answer was truncated, and puts it together from pieces", async () => {
    const long = "x".repeat(200);
    const server = await serve(({ transport, name }) =>
      transport === "udp"
        ? { tc: true }
        : { answers: Array.from({ length: 20 }, (_, n) => ({ type: "TXT", name, ttl: 1, data: [`${n}${long}`] })) },
    );
    const { answers } = await at(server).askServer("192.0.2.53", "big.example.com", "TXT");
    expect(answers).toHaveLength(20);
    expect(server.asked.map(({ transport }) => transport)).toEqual(["udp", "tcp"]);
  });

  it("listens on past forged answers: wrong id, other question, not an answer, broken", async () => {
    const server = await serve(({ name }, query) => [
      reply({ ...query, id: ((query.id ?? 0) + 1) % 0x10000 }, { answers: [a(name, "203.0.113.66")] }),
      reply(
        { ...query, questions: [{ type: "A", name: "other.example.com" }] },
        { answers: [a(name, "203.0.113.66")] },
      ),
      Buffer.from("not a message"),
      reply(query, { answers: [a(name, "203.0.113.7")] }),
    ]);
    const { answers } = await at(server).askServer("192.0.2.53", "www.example.com", "A");
    expect(answers.map(({ value }) => value)).toEqual(["203.0.113.7"]);
  });

  it("does not hear answers from elsewhere", async () => {
    const other = createSocket("udp4");
    await new Promise<void>((resolve) => other.bind(0, "127.0.0.1", resolve));
    const server = createSocket("udp4");
    server.on("message", (message, from) => {
      // The same bytes from another port: only the second comes from where we asked.
      const forged = Buffer.from(message);
      forged.writeUInt16BE(0x8400, 2);
      other.send(forged, from.port, from.address, () => {
        const honest = Buffer.from(message);
        honest.writeUInt16BE(0x8403, 2);
        server.send(honest, from.port, from.address);
      });
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    try {
      const resolver = createResolver({ server: `127.0.0.1:${server.address().port}` });
      expect((await resolver.ask("www.example.com", "A")).rcode).toBe("NXDOMAIN");
    } finally {
      other.close();
      server.close();
    }
  });

  it("tries three times, the last over TCP, where UDP gets lost", async () => {
    const server = await serve(({ transport, name }) =>
      transport === "udp" ? undefined : { answers: [a(name, "203.0.113.7")] },
    );
    const { answers } = await at(server, 50).askServer("192.0.2.53", "www.example.com", "A");
    expect(answers).toHaveLength(1);
    expect(server.asked.map(({ transport }) => transport)).toEqual(["udp", "udp", "tcp"]);
  });

  it("rejects with NoAnswer after silence in every way", async () => {
    const server = await serve(() => undefined);
    const asked = at(server, 50).askServer("192.0.2.53", "www.example.com", "A");
    await expect(asked).rejects.toThrow(NoAnswer);
    await expect(asked).rejects.toThrow("192.0.2.53 does not answer www.example.com A: no answer within 50 ms");
    await expect(asked).rejects.toMatchObject({ server: "192.0.2.53" });
    expect(server.asked.map(({ transport, payload }) => `${transport} ${payload ?? "plain"}`)).toEqual([
      ...["udp 1232", "udp plain", "tcp 1232", "tcp plain"],
    ]);
  });

  it("does not wait for a closed port", async () => {
    const server = await startResponder(() => undefined);
    await server.close();
    const asked = at(server, 20_000).askServer("192.0.2.53", "www.example.com", "A");
    await expect(asked).rejects.toThrow("nobody listens there");
  });

  it("leaves EDNS out for a server that cannot read it", async () => {
    const server = await serve(({ payload, name }, query) =>
      payload === undefined ? { answers: [a(name, "203.0.113.7")] } : reply({ ...query, questions: [] }, { rcode: 1 }),
    );
    const { answers } = await at(server).askServer("192.0.2.53", "www.example.com", "A");
    expect(answers).toHaveLength(1);
    expect(server.asked.map(({ payload }) => payload)).toEqual([1232, undefined]);
  });

  it.each([
    ["UDP", ["udp 1232", "udp plain"], () => true],
    ["TCP, the only way there is", ["udp 1232", "udp plain", "tcp 1232", "tcp plain"], (by: string) => by === "tcp"],
  ] as const)("leaves EDNS out where questions with it are dropped without a word, over %s", async (_, asked, open) => {
    const server = await serve(({ payload, name, transport }) =>
      payload === undefined && open(transport) ? { answers: [a(name, "203.0.113.7")] } : undefined,
    );
    const { answers } = await at(server, 50).askServer("192.0.2.53", "www.example.com", "A");
    expect(answers).toHaveLength(1);
    expect(server.asked.map(({ transport, payload }) => `${transport} ${payload ?? "plain"}`)).toEqual(asked);
  });

  it("asks a second time over TCP only where somebody took the first", async () => {
    const server = createSocket("udp4");
    let asked = 0;
    server.on("message", () => {
      asked += 1;
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    try {
      const resolver = createResolver({ server: `127.0.0.1:${server.address().port}`, timeoutMs: 50 });
      await expect(resolver.ask("www.example.com", "A")).rejects.toThrow("nobody listens there");
      expect(asked).toBe(2);
    } finally {
      server.close();
    }
  });

  it("gives every rcode as an answer", async () => {
    const codes = [2, 3, 5];
    const server = await serve(() => ({ rcode: codes.shift() ?? 0 }));
    const resolver = at(server);
    const ask = async (): Promise<string> => (await resolver.askServer("192.0.2.53", "example.com", "SOA")).rcode;
    expect([await ask(), await ask(), await ask()]).toEqual(["SERVFAIL", "NXDOMAIN", "REFUSED"]);
  });

  it("stops when it is told to, with the signal's own reason", async () => {
    const server = await serve(() => undefined);
    const stop = new AbortController();
    const asked = at(server, 20_000).askServer("192.0.2.53", "example.com", "SOA", stop.signal);
    const reason = new Error("interrupted");
    setTimeout(() => stop.abort(reason), 20);
    await expect(asked).rejects.toBe(reason);
    await expect(at(server).ask("example.com", "SOA", stop.signal)).rejects.toBe(reason);
  });

  it("does not leave the rehearsal world", async () => {
    const server = await serve(() => undefined);
    await expect(at(server).askServer("192.0.2.99", "example.com", "SOA")).rejects.toThrow(NoAnswer);
  });

  it("asks over IPv6", async (context) => {
    const server = await serve(({ name }) => ({ answers: [a(name, "203.0.113.7")] }), "::1").catch(() => undefined);
    if (!server) return context.skip("no IPv6 on this machine");
    const resolver = createResolver({ connectTo: new Map([["2001:db8::53", server.at]]) });
    const { answers } = await resolver.askServer("2001:db8::53", "www.example.com", "A");
    expect(answers).toHaveLength(1);
  });
});
