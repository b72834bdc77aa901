import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openRoute53 } from "../../src/dns/route53/open.ts";
import { UserError } from "../../src/ports/error.ts";
import { type RecordSet, type Zone, ZonesUnreachable, type ZonesWrite } from "../../src/ports/zones.ts";
import { type Asked, accepted, ok, set, sets, startAnswers, type Told } from "./route53-server.ts";

const ZONE: Zone = { id: "Z1", name: "example.com", isPrivate: false, nameServers: [] };
const TXT: RecordSet = { name: "_acme-challenge", type: "TXT", ttl: 60, values: ["one"] };
const KEYS = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "not-a-secret" };

let folder = "";
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "route53-"));
  // The SDK looks at the process's own environment too: nothing of this machine may answer.
  for (const name of Object.keys(process.env).filter((key) => key.startsWith("AWS_"))) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent/config");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) await close();
  await rm(folder, { recursive: true });
});

const open = async (url: string, env: Record<string, string> = KEYS): Promise<ZonesWrite> => {
  const zones = await openRoute53(
    { env: { ...env, AWS_ENDPOINT_URL_ROUTE_53: url }, signal: AbortSignal.timeout(120_000), onTrouble: () => {} },
    { pollMs: [5], maxAttempts: 2 },
  );
  closers.push(zones.close);
  return zones;
};
const answering = async (answer: (asked: Asked, before: readonly Asked[]) => Told) => {
  const server = await startAnswers(answer);
  closers.push(server.close);
  return { server, zones: await open(server.url) };
};

/** An answer from the chunk on and on, for as long as it is taken, up to a gigabyte. */
const endless = (response: ServerResponse): void => {
  const chunk = Buffer.alloc(2 ** 16, " ");
  let left = 2 ** 14;
  const more = (): void => {
    while (left-- > 0 && !response.destroyed) if (!response.write(chunk)) return;
  };
  response.on("drain", more).writeHead(200);
  more();
};
const serve = async (handle: (path: string, response: ServerResponse) => void): Promise<string> => {
  const server = createServer((request, response) => handle(request.url ?? "", response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const BROKEN: readonly (readonly [string, Told])[] = [
  ["a login page", [200, "<html><body>Sign in</body></html>"]],
  ["nothing", [200, ""]],
  ["JSON", [200, '{"message": "hello"}']],
  ["text", [200, "hello"]],
  ["another answer", ok("OtherResponse", "<A>b</A>")],
  ["half an answer", [200, "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet>"]],
  ["nesting without end", [200, "<a>".repeat(50_000)]],
  ["a proxy's refusal", [400, "<html>Forbidden</html>"]],
  ["a refusal in another language", [403, "no"]],
  [
    "entities",
    [200, `<!DOCTYPE a [<!ENTITY a "x">]><ListResourceRecordSetsResponse>&a;</ListResourceRecordSetsResponse>`],
  ],
];

describe.each(BROKEN)("%s in the place of Route 53's answer", (_, told) => {
  it("is told as that, and does not mean that there is nothing", async () => {
    const { zones } = await answering(() => told);
    for (const asked of [zones.find("apps.example.com"), zones.get(ZONE, "@", "A"), zones.list(ZONE, "@")]) {
      const error: unknown = await asked.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ZonesUnreachable);
      expect((error as Error).message).toMatch(
        /^What answered route53:\w+ at 127\.0\.0\.1:\d+ is not Route 53, or it is broken \(/,
      );
      expect((error as Error).message.length).toBeLessThan(500);
    }
  });

  it("to a change leads to a look whether it was carried out", async () => {
    let there = false;
    const { zones } = await answering(({ method }) => {
      if (method !== "POST")
        return there ? sets([set("_acme-challenge.example.com.", "TXT", 60, "&quot;one&quot;")]) : sets([]);
      if (there) return accepted("INSYNC");
      there = true;
      return told;
    });
    await zones.change(ZONE, [{ to: TXT }]);
  });
});

describe("an answer of Route 53", () => {
  it("that has no end is not read to it", async () => {
    const zones = await open(await serve((_, response) => endless(response)));
    await expect(zones.get(ZONE, "@", "A")).rejects.toThrow(
      /is not Route 53, or it is broken \(it is larger than 4 MiB\)/,
    );
  });

  it("whose pages come round again is an error", async () => {
    const next = "<NextRecordName>b.example.com.</NextRecordName><NextRecordType>A</NextRecordType>";
    const { zones, server } = await answering(() => sets([set("a.example.com.", "A", 60, "192.0.2.1")], next));
    await expect(zones.list(ZONE, "@")).rejects.toThrow(/its pages have no end/);
    expect(server.asked).toHaveLength(2);
  });

  it("with the records of another zone is none", async () => {
    const { zones } = await answering(() => sets([set("a.example.org.", "A", 60, "192.0.2.1")]));
    await expect(zones.list(ZONE, "@")).rejects.toBeInstanceOf(ZonesUnreachable);
  });
});

describe("what hands out credentials", () => {
  const role = { AccessKeyId: "AKIA", SecretAccessKey: "s", Token: "t", Expiration: "2099-01-01T00:00:00Z" };
  const metadata =
    (answer: string | typeof endless) =>
    (path: string, response: ServerResponse): void => {
      if (path === "/latest/api/token") response.end("token");
      else if (path.endsWith("/security-credentials/")) response.end("role");
      else if (typeof answer === "string") response.end(answer);
      else answer(response);
    };
  const WAYS = [
    ["the instance's metadata", (url: string) => vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)],
    ["a container's agent", (url: string) => vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", `${url}/x`)],
    [
      "STS",
      (url: string) => {
        vi.stubEnv("AWS_ENDPOINT_URL_STS", url);
        vi.stubEnv("AWS_WEB_IDENTITY_TOKEN_FILE", join(folder, "token"));
        vi.stubEnv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x");
      },
    ],
  ] as const;
  const ANSWERS: readonly (readonly [string, string | typeof endless])[] = [
    ["a page", "<html>Sign in</html>"],
    ["null", "null"],
    ["a list", "[]"],
    ["nothing", ""],
    ["a text", '"x"'],
    ["half of it", JSON.stringify({ ...role, SecretAccessKey: undefined })],
    ["objects for texts", JSON.stringify({ ...role, AccessKeyId: { toString: 1 } })],
    ["a day that is none", JSON.stringify({ ...role, Expiration: "soon" })],
    ["lines in a key", JSON.stringify({ ...role, Token: "a\nb" })],
    ["an answer without end", endless],
  ];

  // The SDK asks a container's agent again, for three seconds each time.
  const FEW = ["null", "a day that is none", "an answer without end"];

  describe.each(WAYS)("%s", (way, lead) => {
    it.each(ANSWERS.filter(([name]) => !way.includes("container") || FEW.includes(name)))(
      "that answers with %s is told as that, and is no defect of ours",
      async (_name, answer) => {
        await writeFile(join(folder, "token"), "a.b.c");
        lead(await serve(metadata(answer)));
        const zones = await open(await serve((_path, response) => response.writeHead(500).end()), {});
        const error: unknown = await zones.find("example.com").catch((reason: unknown) => reason);
        if (answer === endless) expect(error).toBeInstanceOf(ZonesUnreachable);
        else expect(error).toMatchObject({ id: "dns.route53.credentials", kind: "input" });
        expect(error instanceof UserError ? error.why : (error as Error).message).not.toBe("");
      },
    );
  });
});
