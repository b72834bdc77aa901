import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { isWrite } from "../../trust/scene.ts";
import type { Outcome } from "../cli.ts";
import { type DnsStage, DOMAIN, dnsStage } from "./stage.ts";

const AWS_SECRET = `aws-${randomBytes(20).toString("hex")}`;
const HMAC = randomBytes(32).toString("base64url");

/** Every form in which a text could be written down. */
const formsOf = (secret: string): readonly string[] => {
  const bytes = Buffer.from(secret);
  // Whatever stands before it: base64 has three alignments, of which the ends depend on the neighbours.
  const aligned = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .slice(4, -4),
  );
  return [secret, bytes.toString("base64"), bytes.toString("hex"), JSON.stringify(secret).slice(1, -1), ...aligned];
};

/** A private key: its PEM, the lines of its PEM but for those that hold the public half alone, DER and the number itself. */
const keyForms = (pem: string): readonly string[] => {
  const { d = "" } = createPrivateKey(pem).export({ format: "jwk" });
  const half = createPublicKey(pem).export({ type: "spki", format: "der" });
  const lines = pem.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
  const own = lines.filter((line) => !half.includes(Buffer.from(line, "base64")));
  const number = Buffer.from(d, "base64url");
  return [...formsOf(pem), ...own, lines.join(""), d, number.toString("base64"), number.toString("hex")];
};

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());

describe("private keys and credentials are in Secrets and nowhere else", () => {
  const scratch = mkdtempSync(join(tmpdir(), "kn-bootstrap-secrets-"));
  /** What the cluster, the CA and the provider were sent, but for Secrets. */
  const sent: string[] = [];
  const keys = new Map<string, string>();
  const outcomes: Outcome[] = [];
  let world: DnsStage;

  const remember = (): void => {
    for (const { metadata, data } of world.api.list("v1", "Secret", "kn-bootstrap"))
      for (const [field, value] of Object.entries<string>(data ?? {})) {
        const text = Buffer.from(value, "base64").toString();
        if (text.includes("PRIVATE KEY")) keys.set(`${field} of ${metadata.name}`, text);
      }
  };
  const run = async (code: number, ...args: readonly string[]): Promise<void> => {
    const env = {
      AWS_SECRET_ACCESS_KEY: AWS_SECRET,
      ACME_EAB_KID: "customer",
      ACME_EAB_HMAC_KEY: HMAC,
      XDG_CACHE_HOME: join(scratch, "cache"),
      HOME: join(scratch, "home"),
    };
    const outcome = await world.runWith({ env }, ...args);
    expect(outcome.code, outcome.stderr).toBe(code);
    outcomes.push(outcome);
    remember();
  };

  beforeAll(async () => {
    world = await dnsStage({
      world: {
        onRequest: (request) => {
          if (request.path.includes("/secrets")) {
            // While it is under way an order's Secret comes and goes.
            if (isWrite(request)) queueMicrotask(remember);
            return undefined;
          }
          sent.push(JSON.stringify([request.path, request.query, request.body]));
          return undefined;
        },
      },
      route53: {
        onRequest: async ({ path, query, headers, body }) => {
          sent.push(JSON.stringify([path, query, headers]), body);
          return undefined;
        },
      },
      acme: {
        externalAccounts: { customer: HMAC },
        externalAccountRequired: true,
        onRequest: async ({ path, payload }) => {
          sent.push(JSON.stringify([path, payload]));
          return undefined;
        },
      },
    });
    // From here on: what the stage itself writes is not looked at.
    const temporary = join(scratch, "tmp");
    mkdirSync(temporary, { recursive: true });
    vi.stubEnv("TMPDIR", temporary);
    const rfc2136 = ["--dns", "rfc2136", "--domain", DOMAIN, ...world.letsEncrypt];
    const route53 = ["--dns", "route53", "--domain", "more.example.com", "--key-type", "rsa", ...world.privateCa];
    world.internet.acme.setFaults({ issuanceFails: { type: "serverInternal", detail: "not today" } });
    await run(1, "install", "--yes", "-v", ...rfc2136);
    world.internet.acme.setFaults({});
    await run(0, "plan", "-v", "-o", "json", ...rfc2136);
    await run(0, "install", "--yes", "-v", ...rfc2136);
    await run(0, "install", "--yes", "-v", "-o", "json", ...route53);
    await run(0, "status", "-o", "json");
    await run(0, "install", "--yes", "-v", "--dns", "none", "--domain", DOMAIN, "--tls", "self-signed");
    await run(0, "uninstall", "--yes", "-v", "-o", "json", "--purge");
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await world.close();
  });

  /** Who holds something that is secret. */
  const found = (texts: ReadonlyMap<string, string>): readonly string[] => {
    const secrets = new Map([
      ...[...keys].map(([name, pem]) => [name, keyForms(pem)] as const),
      ["the TSIG secret", formsOf(world.internet.env.RFC2136_TSIG_SECRET ?? "")],
      ["AWS's secret key", formsOf(AWS_SECRET)],
      ["the CA's MAC key", formsOf(HMAC)],
    ]);
    return [...texts].flatMap(([place, text]) =>
      [...secrets].flatMap(([name, forms]) =>
        forms.some((form) => form.length > 8 && text.includes(form)) ? [`${place} has ${name}`] : [],
      ),
    );
  };

  it("there were some: the accounts', the certificates', the orders', the root's", () => {
    const names = [...keys.keys()].map((name) => name.replace(/-[0-9a-f]{10}$/, "-…"));
    expect(new Set(names)).toEqual(
      new Set([
        "account.key of acme-account-…",
        expect.stringMatching(/ of acme-order-…$/),
        "tls.key of wildcard-tls",
        expect.stringMatching(/ of self-signed-root$/),
      ]),
    );
    expect(keys.size).toBeGreaterThanOrEqual(4);
    // The search itself finds what it is given.
    expect(found(new Map([["here", `x${[...keys.values()][0]}y`]]))).not.toEqual([]);
    expect(found(new Map([["here", `x${Buffer.from(`ab${AWS_SECRET}`).toString("base64")}`]]))).toEqual([
      "here has AWS's secret key",
    ]);
  });

  it("none in output, events, plans and errors", () => {
    const texts = outcomes.flatMap(({ stdout, stderr }, index) => [
      [`stdout ${index}`, stdout] as const,
      [`stderr ${index}`, stderr] as const,
    ]);
    expect(texts.filter(([, text]) => text !== "").length).toBeGreaterThan(outcomes.length);
    expect(found(new Map(texts))).toEqual([]);
  });

  it("none in what was sent to cluster, CA and DNS provider, but for Secrets", () => {
    expect(sent.some((text) => text.includes("acme-ledger"))).toBe(true);
    expect(sent.some((text) => text.includes("configmaps/state"))).toBe(true);
    expect(found(new Map(sent.map((text, index) => [`${index} ${text.slice(0, 80)}`, text])))).toEqual([]);
  });

  it("none in files: cache, home, temporary ones", () => {
    const files = filesBelow(scratch);
    expect(found(new Map(files.map((path) => [path, readFileSync(path, "latin1")])))).toEqual([]);
  });

  it("none in any object of the cluster but Secrets", () => {
    const kinds = ["ConfigMap", "Event", "Pod", "Namespace", "Service"] as const;
    const objects = kinds.flatMap((kind) => world.api.list("v1", kind));
    expect(found(new Map(objects.map((object) => [object.metadata.name, JSON.stringify(object)])))).toEqual([]);
  });
});
