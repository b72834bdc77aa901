import { afterEach, expect, test } from "vitest";
import { receiveTransfer } from "../../src/dns/rfc2136/transfer.ts";
import { type Dns, startDns } from "../../src/sandbox/dns/index.ts";

const SECRET = Buffer.from("the hidden words");
let dns: Dns | undefined;
afterEach(() => dns?.close());

test("a zone without an end is not read to it, and counts as one that is not handed out", async () => {
  dns = await startDns();
  const keys = [{ name: "key", secret: SECRET.toString("base64") }];
  const zone = await dns.addZone({ name: "example.com", nameServers: ["ns1.example.com"], keys });
  for (let index = 0; index < 300; index += 1)
    zone.records.set({ name: `a${index}.example.com`, type: "TXT", ttl: 60, values: ["x".repeat(250)] });
  const [host = "", port = ""] = dns.endpoint("ns1.example.com").split(":");
  const ask = (most?: number) =>
    receiveTransfer({
      settings: { host, port: Number(port), key: { name: "key", algorithm: "hmac-sha256", secret: SECRET } },
      zone: "example.com",
      now: Date.now,
      timeoutMs: 30_000,
      signal: new AbortController().signal,
      ...(most === undefined ? {} : { most }),
    });
  expect(await ask()).toMatchObject({ kind: "records" });
  expect(await ask(20_000)).toEqual({ kind: "endless" });
});
