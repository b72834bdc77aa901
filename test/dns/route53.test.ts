import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { route53 } from "../../src/dns/route53/index.ts";
import { openRoute53, type Route53Pace } from "../../src/dns/route53/open.ts";
import type { Route53Set } from "../../src/dns/route53/record-sets.ts";
import { UserError } from "../../src/ports/error.ts";
import { type RecordSet, type Zone, ZoneMoved, ZonesUnreachable, type ZonesWrite } from "../../src/ports/zones.ts";
import {
  type Asked,
  accepted,
  invalidBatch,
  ok,
  refused,
  set,
  sets,
  startAnswers,
  state,
  type Told,
} from "./route53-server.ts";

const zone: Zone = { id: "Z1", name: "example.com", isPrivate: false, nameServers: [] };
const A: RecordSet = { name: "*.apps", type: "A", ttl: 60, values: ["192.0.2.1"] };
const TXT: RecordSet = { name: "_acme-challenge", type: "TXT", ttl: 60, values: ["onetwo"] };

const closers: (() => unknown)[] = [];
beforeEach(() => {
  // The SDK looks at the process's own environment too: nothing of this machine may answer.
  for (const name of Object.keys(process.env).filter((key) => key.startsWith("AWS_"))) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent/config");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) await close();
});

const KEYS = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "not-a-secret" };

const open = async (
  answer: (asked: Asked, before: readonly Asked[]) => Told | Promise<Told>,
  {
    env = KEYS,
    signal = new AbortController().signal,
    ...pace
  }: Route53Pace & { env?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<{ zones: ZonesWrite; asked: readonly Asked[]; trouble: readonly string[] }> => {
  const server = await startAnswers(answer);
  const trouble: string[] = [];
  const zones = await openRoute53(
    { env: { ...env, AWS_ENDPOINT_URL_ROUTE_53: server.url }, signal, onTrouble: (reason) => trouble.push(reason) },
    { pollMs: [5], ...pace },
  );
  closers.push(server.close, zones.close);
  return { zones, asked: server.asked, trouble };
};

const thrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable("it should have failed"),
    (error: unknown) => error,
  );
const userError = async (promise: Promise<unknown>): Promise<UserError> => {
  const error = await thrown(promise);
  if (error instanceof UserError) return error;
  throw error;
};

const isChange = ({ method, path }: Asked): boolean => method === "POST" && path.startsWith("/hostedzone/Z1/rrset");
const changesOf = (asked: readonly Asked[]): readonly string[] => asked.filter(isChange).map(({ body }) => body);

describe("finding zones", () => {
  const listed = (zones: readonly (readonly [id: string, name: string, isPrivate?: boolean])[], next = ""): Told =>
    ok(
      "ListHostedZonesByNameResponse",
      `<HostedZones>${zones.map(([id, name, isPrivate = false]) => `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}</Name><CallerReference>c</CallerReference><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`).join("")}</HostedZones><IsTruncated>${next !== ""}</IsTruncated><MaxItems>10</MaxItems>${next}`,
    );
  const detail = (id: string, name: string): Told =>
    ok(
      "GetHostedZoneResponse",
      `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}</Name><CallerReference>c</CallerReference></HostedZone><DelegationSet><NameServers><NameServer>NS-1.${id}.example.net</NameServer></NameServers></DelegationSet>`,
    );
  const DENIED = refused(
    403,
    "AccessDenied",
    "User: arn:aws:iam::123456789012:user/x is not authorized to perform: route53:GetHostedZone on resource: arn:aws:route53:::hostedzone/Z2 because no identity-based policy allows the route53:GetHostedZone action",
  );

  it("takes what stands after the name for what it is: other zones, further pages of twins, private ones", async () => {
    const { zones } = await open(({ path }) => {
      const url = new URL(path, "http://x");
      if (url.pathname.startsWith("/hostedzone/")) return detail(url.pathname.slice(12), "example.com.");
      if (url.searchParams.get("hostedzoneid") === "Z2")
        return listed([
          ["Z2", "example.com.", true],
          ["Z9", "example.com.au."],
        ]);
      if (url.searchParams.get("dnsname") === "example.com")
        return listed(
          [["Z1", "example.com."]],
          "<NextDNSName>example.com.</NextDNSName><NextHostedZoneId>Z2</NextHostedZoneId>",
        );
      return listed([["Z8", "zebra.example.com."]]);
    });
    expect(await zones.find("Apps.Example.com.")).toEqual([
      { id: "Z1", name: "example.com", isPrivate: false, nameServers: ["ns-1.z1.example.net"] },
      { id: "Z2", name: "example.com", isPrivate: true, nameServers: [] },
    ]);
  });

  const twins =
    (deniedIds: readonly string[]) =>
    ({ path }: Asked): Told => {
      const url = new URL(path, "http://x");
      const id = url.pathname.slice(12);
      if (url.pathname.startsWith("/hostedzone/")) return deniedIds.includes(id) ? DENIED : detail(id, "example.com.");
      return url.searchParams.get("dnsname") === "example.com"
        ? listed([
            ["Z1", "example.com."],
            ["Z2", "example.com."],
          ])
        : listed([]);
    };

  it("is content with a policy that names one zone of two", async () => {
    const { zones } = await open(twins(["Z2"]));
    expect((await zones.find("example.com")).map(({ id, nameServers }) => [id, nameServers.length])).toEqual([
      ["Z1", 1],
      ["Z2", 0],
    ]);
  });

  it("names the missing right when it may look at none", async () => {
    const { zones } = await open(twins(["Z1", "Z2"]));
    const error = await userError(zones.find("example.com"));
    expect(error.message).toContain("route53:GetHostedZone on arn:aws:route53:::hostedzone/Z2");
    expect([error.kind, error.remedy.command]).toEqual(["input", "kn-bootstrap iam-policy --domain example.com"]);
  });
});

describe("reading", () => {
  it("goes through all pages of the sets of one name, and no further", async () => {
    const multi = (id: string): string =>
      `${set("\\052.apps.example.com.", "A", 60, "192.0.2.1")}<SetIdentifier>${id}</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer>`;
    const { zones, asked } = await open(({ path }) => {
      const identifier = new URL(path, "http://x").searchParams.get("identifier");
      if (identifier === "b")
        return sets([multi("b"), set("other.example.com.", "A", 60, "192.0.2.9")], next("other", "A", ""));
      return sets([multi("a")], next("\\052.apps", "A", "b"));
    });
    expect((await zones.get(zone, "*.apps", "A")).map(({ routing }: Route53Set) => routing?.id)).toEqual(["a", "b"]);
    expect(asked.map(({ path }) => new URL(path, "http://x").searchParams.get("name"))).toEqual([
      "\\052.apps.example.com",
      "\\052.apps.example.com.",
    ]);
  });
  const next = (name: string, type: string, id: string): string =>
    `<NextRecordName>${name}.example.com.</NextRecordName><NextRecordType>${type}</NextRecordType>${id ? `<NextRecordIdentifier>${id}</NextRecordIdentifier>` : ""}`;
});

describe("changing", () => {
  it("deletes in Route 53's own spelling, creates, never upserts", async () => {
    const { zones, asked } = await open((now) => {
      if (isChange(now)) return accepted();
      if (now.path.startsWith("/change/")) return state("INSYNC");
      return sets([set("_acme-challenge.example.com.", "TXT", 60, "&quot;one&quot; &quot;two&quot;")]);
    });
    await zones.change(zone, [{ to: A }, { from: TXT, to: { ...TXT, values: ["new"] } }]);
    const [body = ""] = changesOf(asked);
    expect([...body.matchAll(/<Action>(\w+)<\/Action>/g)].map(([, action]) => action)).toEqual([
      "DELETE",
      "CREATE",
      "CREATE",
    ]);
    expect([...body.matchAll(/<Value>(.*?)<\/Value>/g)].map(([, value]) => value?.replaceAll("&quot;", '"'))).toEqual([
      '"one" "two"',
      "192.0.2.1",
      '"new"',
    ]);
  });

  it("waits for INSYNC and says what for", async () => {
    const { zones, trouble } = await open((now, before) => {
      if (isChange(now)) return accepted();
      return state(before.length < 3 ? "PENDING" : "INSYNC");
    });
    await zones.change(zone, [{ to: A }]);
    expect(trouble).toEqual(Array(2).fill(expect.stringMatching(/accepted the change of example.com.*PENDING/)));
  });

  it("does not wait for what is in sync already", async () => {
    const { zones, asked } = await open(() => accepted("INSYNC"));
    await zones.change(zone, [{ to: A }]);
    expect(asked.length).toBe(1);
  });

  it("ends a wait for the signal's reason", async () => {
    const run = new AbortController();
    const { zones } = await open((now) => {
      if (isChange(now)) return accepted();
      run.abort(new Error("enough"));
      return state("PENDING");
    });
    await expect(zones.change(zone, [{ to: A }], run.signal)).rejects.toThrow("enough");
  });

  it("sends one batch at a time", async () => {
    let open_ = 0;
    let most = 0;
    const { zones } = await open(async (now) => {
      if (!isChange(now)) return state("INSYNC");
      open_ += 1;
      most = Math.max(most, open_);
      await new Promise((resolve) => setImmediate(resolve));
      open_ -= 1;
      return accepted();
    });
    await Promise.all(["a", "b", "c"].map((name) => zones.change(zone, [{ to: { ...A, name } }])));
    expect(most).toBe(1);
  });

  it("refuses what is too much for one batch instead of splitting it", async () => {
    const { zones, asked } = await open(() => sets([]));
    const many = Array.from({ length: 1001 }, (_, index) => ({ to: { ...A, name: `n${index}` } }));
    expect(await userError(zones.change(zone, many))).toMatchObject({ id: "dns.route53.limits", kind: "input" });
    const long = Array.from({ length: 17 }, (_, index) => ({
      to: { ...TXT, name: `n${index}`, values: ["x".repeat(2000)] },
    }));
    expect(await userError(zones.change(zone, long))).toMatchObject({ id: "dns.route53.limits" });
    expect(changesOf(asked)).toEqual([]);
  });

  it.each([
    ["Tried to create resource record set [name='\\052.apps.example.com.', type='A'] but it already exists"],
    ["Tried to delete resource record set [name='x.example.com.', type='A'] but it was not found"],
    [
      "Tried to delete resource record set [name='x.example.com.', type='A'] but the values provided do not match the current values",
    ],
    [
      'RRSet with DNS name x., type TXT, SetIdentifier "a" cannot be created because a non multivalue answer rrset exists with the same name and type.',
    ],
  ])("%s: the zone has moved", async (message) => {
    const { zones } = await open(() => invalidBatch(message));
    const error = await thrown(zones.change(zone, [{ to: A }]));
    expect(error).toBeInstanceOf(ZoneMoved);
    expect(String(error)).toContain(message);
  });

  it("reads the same sentences from the older form of the error", async () => {
    const text =
      "[Tried to create resource record set [name='a.', type='A'] but it already exists, Tried to delete resource record set [name='b.', type='A'] but it was not found]";
    const { zones } = await open(() => refused(400, "InvalidChangeBatch", text));
    expect(await thrown(zones.change(zone, [{ to: A }]))).toBeInstanceOf(ZoneMoved);
  });

  it.each([
    [
      "RRSet of type CNAME with DNS name x.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com.",
    ],
    [
      "RRSet of type A with DNS name x. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.",
    ],
    [
      "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'x''",
    ],
  ])("%s: a person has to look", async (message) => {
    const { zones } = await open(() =>
      invalidBatch("Tried to create resource record set [name='a.', type='A'] but it already exists", message),
    );
    expect((await userError(zones.change(zone, [{ to: A }]))).why).toContain(message);
  });

  it.each([
    ["is carried out", true],
    ["is lost", false],
  ])("a request whose answer is lost, and which itself %s", async (_, carriedOut) => {
    let there = false;
    const { zones, asked } = await open((now, before) => {
      if (now.path.startsWith("/change/")) return state("INSYNC");
      if (!isChange(now)) return sets(there ? [set("\\052.apps.example.com.", "A", 60, "192.0.2.1")] : []);
      if (!before.some(isChange)) {
        there = carriedOut;
        return "drop";
      }
      if (there && !now.body.includes("DELETE"))
        return invalidBatch(
          "Tried to create resource record set [name='\\052.apps.example.com.', type='A'] but it already exists",
        );
      there = true;
      return accepted();
    });
    await zones.change(zone, [{ to: A }]);
    expect(there).toBe(true);
    expect(changesOf(asked).length).toBe(carriedOut ? 3 : 2);
  });

  it("does not take somebody else's records for its own after a lost answer", async () => {
    const { zones } = await open((now, before) => {
      if (!isChange(now)) return sets([set("\\052.apps.example.com.", "A", 60, "192.0.2.66")]);
      return before.some(isChange)
        ? invalidBatch("Tried to create resource record set [name='x.', type='A'] but it already exists")
        : "drop";
    });
    expect(await thrown(zones.change(zone, [{ to: A }]))).toBeInstanceOf(ZoneMoved);
  });
});

describe("a service that does not do it at once", () => {
  it.each([
    ["Throttling", /throttles route53:ListResourceRecordSets/],
    ["PriorRequestNotComplete", /busy with an earlier change/],
  ])("tries again after %s and says so", async (code, words) => {
    const { zones, trouble } = await open((_, before) =>
      before.length < 1 ? refused(400, code, "Rate exceeded") : sets([]),
    );
    expect(await zones.get(zone, "x", "A")).toEqual([]);
    expect(trouble).toEqual([expect.stringMatching(words)]);
  });

  it("gives up at the end of its tries", async () => {
    const { zones } = await open(() => refused(400, "Throttling", "Rate exceeded"), { maxAttempts: 2 });
    expect(await thrown(zones.get(zone, "x", "A"))).toBeInstanceOf(ZonesUnreachable);
  });

  it.each<readonly [string, Told]>([
    ["closes the connection", "drop"],
    ["answers 503", [503, ""]],
  ])("is unreachable when it %s", async (_, told) => {
    const { zones, trouble } = await open(() => told, { maxAttempts: 2 });
    expect(await thrown(zones.get(zone, "x", "A"))).toBeInstanceOf(ZonesUnreachable);
    expect(trouble[0]).toMatch(/did not answer route53:ListResourceRecordSets/);
  });
});

describe("credentials", () => {
  it("asks for them when there are none", async () => {
    const { zones, asked } = await open(() => sets([]), { env: {} });
    const error = await userError(zones.get(zone, "x", "A"));
    expect([error.id, error.kind, error.remedy.command]).toEqual([
      "dns.route53.credentials",
      "input",
      "export AWS_PROFILE=NAME",
    ]);
    expect(asked).toEqual([]);
  });

  it.each([
    [{}, true],
    [{ AWS_REGION: "eu-west-1" }, false],
  ])(
    "says of a key that AWS does not know, without a region, that China and GovCloud have their own: %o",
    async (more, said) => {
      const unknown = refused(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
      const { zones } = await open(() => unknown, { maxAttempts: 1, env: { ...KEYS, ...more } });
      const { why = "" } = await userError(zones.get(zone, "x", "A"));
      expect(/China and GovCloud.*AWS_REGION/.test(why)).toBe(said);
    },
  );

  it("goes by the profile, whatever keys there are beside it", async () => {
    const { zones } = await open(() => sets([]), { env: { AWS_PROFILE: "team", ...KEYS } });
    expect((await userError(zones.get(zone, "x", "A"))).message).toBe('There is no AWS profile "team".');
  });

  it.each([
    ["ExpiredToken", "The security token included in the request is expired", /expired/],
    ["InvalidClientTokenId", "The security token included in the request is invalid.", /does not accept/],
    ["SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than …", /does not accept/],
  ])("%s is a matter of the user's", async (code, message, words) => {
    const { zones } = await open(() => refused(403, code, message), { maxAttempts: 1 });
    const error = await userError(zones.get(zone, "x", "A"));
    expect([error.message, error.kind]).toEqual([expect.stringMatching(words), "input"]);
    expect(JSON.stringify([error.message, error.why, error.remedy])).not.toContain(KEYS.AWS_SECRET_ACCESS_KEY);
  });

  it.each(["route53:ListResourceRecordSets", "route53:ChangeResourceRecordSets", "route53:GetChange"])(
    "names the missing right %s",
    async (action) => {
      const resource = action === "route53:GetChange" ? "change/C1" : "hostedzone/Z1";
      const told = refused(
        403,
        "AccessDenied",
        `User: arn:aws:iam::123456789012:user/x is not authorized to perform: ${action} on resource: arn:aws:route53:::${resource} because no identity-based policy allows the ${action} action`,
      );
      const { zones } = await open((now) => {
        const asks = isChange(now)
          ? "route53:ChangeResourceRecordSets"
          : now.path.startsWith("/change/")
            ? "route53:GetChange"
            : "route53:ListResourceRecordSets";
        return asks === action
          ? told
          : asks === "route53:ChangeResourceRecordSets"
            ? accepted()
            : sets([set("\\052.apps.example.com.", "A", 60, "192.0.2.1")]);
      });
      const error = await userError(zones.change(zone, [{ from: A }]));
      expect(error.message).toContain(`AWS does not allow ${action} on arn:aws:route53:::${resource}.`);
      expect(error.message.includes("are written")).toBe(action === "route53:GetChange");
      expect([error.id, error.kind]).toEqual(["dns.route53.denied", "input"]);
    },
  );
});

it("goes through the proxy of the environment", async () => {
  const targets: string[] = [];
  const proxy = createServer().on("connect", ({ url = "" }, socket) => {
    targets.push(url);
    socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  const signal = new AbortController().signal;
  const env = { ...KEYS, HTTPS_PROXY: `http://127.0.0.1:${port}` };
  const zones = await openRoute53({ env, signal, onTrouble: () => undefined }, { maxAttempts: 1 });
  closers.push(zones.close, () => proxy.close());
  expect(await thrown(zones.get(zone, "x", "A"))).toBeInstanceOf(ZonesUnreachable);
  expect(targets).toEqual(["route53.amazonaws.com:443"]);
});

it.each(["localhost:4566", "http://route53.example.com", "http://10.0.0.5:4566"])(
  "refuses an endpoint that is no https URL: %s",
  async (endpoint) => {
    const env = { ...KEYS, AWS_ENDPOINT_URL_ROUTE_53: endpoint };
    const opened = openRoute53({ env, signal: new AbortController().signal, onTrouble: () => undefined });
    expect(await userError(opened)).toMatchObject({ id: "dns.route53.endpoint", kind: "input" });
  },
);

it("loads its library only when it is opened", async () => {
  const { zones } = await open(() => sets([]));
  expect(await zones.list(zone, "@")).toEqual([]);
  expect(route53).toMatchObject({ id: "route53", title: "Amazon Route 53" });
});
