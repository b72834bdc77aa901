import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../../src/adapters/authority/index.ts";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { strategies } from "../../src/certificates/index.ts";
import { announce, type KeptWorld, makeKept } from "../../src/cli/rehearsal/kept.ts";
import { type Led, waysFor } from "../../src/cli/rehearsal/led.ts";
import { surroundingsOf } from "../../src/cli/rehearsed-internet.ts";
import { complete } from "../../src/config/complete.ts";
import { NoAnswer } from "../../src/ports/dns.ts";
import { UserError } from "../../src/ports/error.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import { fakeHost } from "../cli/host.ts";

const before = process.env.TMPDIR;
const folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-led-"));
let internet: Internet;
beforeAll(async () => {
  process.env.TMPDIR = folder;
  internet = await startInternet({ zones: ["example.com"] });
});
afterAll(async () => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(folder, { recursive: true });
  await internet.close();
});

/** What somebody has in the environment who works with real zones too. */
const OWN = {
  PATH: "/bin",
  AWS_PROFILE: "prod",
  AWS_SESSION_TOKEN: "token",
  AWS_ENDPOINT_URL: "https://route53.example.com",
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
  RFC2136_NAMESERVER: "192.0.2.53",
};

/** How a world is reached, and at which hosts and ports those were made that ask. */
const ledTo = async (
  server: string,
  parts: Pick<KeptWorld, "surroundings">,
): Promise<Led & { readonly asked: readonly (string | undefined)[] }> => {
  const ca = "AAAA";
  announce(makeKept(), { server, ca, connectTo: new Map(), isStandIn: false, ...parts });
  const asked: (string | undefined)[] = [];
  const adapters: Parameters<typeof waysFor>[0]["adapters"] = {
    ...fakeHost([]).adapters,
    createResolver: async (options) => {
      asked.push(options.server);
      return createResolver(options);
    },
    createAuthority: async (options) => {
      asked.push(new URL(options.directory).host);
      return createAuthority(options);
    },
  };
  const led = await waysFor(
    { adapters, env: OWN, emit: () => {} },
    { identity: { context: "any", server }, trusted: ca },
  );
  return { ...led, asked };
};

const DIRECTORIES = [...strategies.flatMap(({ acme }) => acme?.directory ?? []), "https://ca.example.net/directory"];

describe("whoever works at a kept rehearsal with a domain", () => {
  it("gets its CA for every directory, under the URL that was asked for", async () => {
    const { ways, env, asked } = await ledTo("https://127.0.0.1:6443", { surroundings: surroundingsOf(internet) });
    expect(DIRECTORIES).toContain("https://acme-staging-v02.api.letsencrypt.org/directory");
    for (const directory of DIRECTORIES) {
      const authority = await ways.createAuthority({ directory, env });
      expect(authority.url).toBe(directory);
      expect(await authority.directory()).toMatchObject({ caaIdentities: ["ca.rehearsal.internal"] });
    }
    expect(new Set(asked)).toEqual(new Set([new URL(internet.acme.directory).host]));
  });

  it("asks its name servers, whichever are named, and its providers, whatever the environment says", async () => {
    const { ways, env, asked } = await ledTo("https://127.0.0.1:6444", { surroundings: surroundingsOf(internet) });
    const resolver = await ways.createResolver({ server: "192.0.2.1" });
    expect((await resolver.ask("example.com", "SOA")).answers).toHaveLength(1);
    await expect(resolver.askServer("192.0.2.77", "example.com", "SOA")).rejects.toThrow(NoAnswer);
    expect(asked).toEqual([internet.dns.resolver]);
    expect(env).toEqual({ PATH: "/bin", ...internet.env });
  });
});

describe("whoever works at one without a domain", () => {
  it("asks nobody", async () => {
    const { ways, env, asked } = await ledTo("https://127.0.0.1:6445", {});
    const resolver = await ways.createResolver({});
    await expect(resolver.ask("example.com", "A")).rejects.toThrow(
      /has no name servers: it was begun without a domain/,
    );
    await expect(resolver.askServer("192.0.2.53", "example.com", "A")).rejects.toThrow(NoAnswer);
    for (const directory of DIRECTORIES)
      await expect(ways.createAuthority({ directory, env })).rejects.toMatchObject({ id: "rehearse.internet" });
    expect(asked).toEqual([]);
    expect(env).toMatchObject({ PATH: "/bin", AWS_ENDPOINT_URL_ROUTE_53: "http://127.0.0.1:1" });
    for (const name of [
      "AWS_PROFILE",
      "AWS_SESSION_TOKEN",
      "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
      "RFC2136_NAMESERVER",
    ])
      expect(env).not.toHaveProperty(name);
  });

  it.each([
    [{}, false],
    [{ domain: "apps.example.com", tls: "none" }, false],
    [{ domain: "apps.example.com", dns: "route53" }, true],
    [{ domain: "apps.example.com", dns: "manual", tls: "none" }, true],
    [{ domain: "apps.example.com", dns: "rfc2136", tls: "cert-manager" }, true],
  ] as const)("%j is refused before anybody is asked: %s", async (written, isRefused) => {
    const { assertReachable } = await ledTo("https://127.0.0.1:6446", {});
    const judge = () => assertReachable?.(complete(written, { env: {}, terminal: false }));
    if (isRefused) expect(judge).toThrow(UserError);
    else expect(judge).not.toThrow();
  });
});
