import { afterAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { inspect } from "../../src/certificates/secret.ts";
import { issue } from "../../src/certificates/self-signed/issue.ts";
import { WILDCARD } from "../../src/certificates/served.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { isThorough } from "../thorough.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { kn, type Outcome } from "./cli.ts";
import { bring, putBrought } from "./dns/brought.ts";
import { contentsOf, openPlace, type Place } from "./place.ts";

/** Every ingress with every way to TLS, from the releases' own files: there, silent, renewed and back. */

const RECORDS = ["--dns", "route53", "--domain", "apps.example.com"];
const NAMES = ["*.apps.example.com"];
const INGRESSES = ["kourier", "istio"] as const;
const MINORS = ["1.20", "1.23"] as const;

type Run = (...args: readonly string[]) => Promise<Outcome>;

interface Way {
  readonly options: (place: Place) => readonly string[];
  /** What has to be there first. */
  readonly given?: (place: Place) => Promise<void>;
  /** Brings the certificate to where a new one is due, runs what gets it, and resolves to how that went. */
  readonly renewal: (place: Place, run: Run, install: readonly string[]) => Promise<Outcome>;
}

const ca = ({ outside: { internet } }: Place): readonly string[] => ["--acme-directory", internet.acme.directory];
const serialOf = ({ world }: Place): string =>
  inspect(world.api.get({ ...WILDCARD, namespace: "kn-bootstrap" }))?.serial ?? "";

/** Runs `renew`, after which the certificate is another one. */
const renewed = async (place: Place, run: Run, before = serialOf(place)): Promise<Outcome> => {
  const outcome = await run("renew", "--yes");
  expect(serialOf(place), outcome.stdout).not.toBe(before);
  return outcome;
};

const WAYS: Readonly<Record<string, Way>> = {
  none: { options: () => ["--tls", "none"], renewal: (_place, run) => run("renew", "--yes") },
  "self-signed": {
    options: () => ["--tls", "self-signed"],
    renewal: async (place, run) => {
      const opened = openCluster(await loadKubeconfig({ path: place.kubeconfig, env: {} }));
      const store = (object: KubeObject) => opened.apply(object, { manager: "kn-bootstrap" });
      const longAgo = new Date(Date.now() - 390 * 86_400_000);
      const cluster = { get: async () => undefined };
      await issue({ names: NAMES, secret: WILDCARD } as never, { cluster, store, now: () => longAgo } as never);
      opened.close();
      return renewed(place, run);
    },
  },
  acme: {
    options: (place) => ["--tls", "letsencrypt", ...ca(place)],
    renewal: async (place, run) => {
      const serial = serialOf(place);
      place.outside.internet.acme.moveRenewal(serial);
      return renewed(place, run, serial);
    },
  },
  secret: {
    given: async ({ world }) => putBrought(world, "flat", await bring(NAMES)),
    options: () => ["--tls", "secret", "--tls-secret", "web/flat"],
    // Its owner brings another one, and the next install serves that.
    renewal: async ({ world }, run, install) => {
      await putBrought(world, "flat", await bring(NAMES, 80));
      return run(...install);
    },
  },
  "cert-manager": {
    options: (place) => ["--tls", "cert-manager", "--acme-ca-file", place.outside.caFile, ...ca(place)],
    renewal: (_place, run) => run("renew", "--yes"),
  },
};

const CELLS = INGRESSES.flatMap((ingress) =>
  Object.keys(WAYS).flatMap((tls) => MINORS.map((minor) => ({ ingress, tls, minor }))),
);
/** Kourier's are installed by many other tests; of Istio what differs most. */
const SAMPLE = ["istio acme 1.23", "istio secret 1.20"];
const chosen = CELLS.filter(({ ingress, tls, minor }) => isThorough || SAMPLE.includes(`${ingress} ${tls} ${minor}`));

const GATEWAY_COPY = { apiVersion: "v1", kind: "Secret", namespace: "istio-system", name: "kn-bootstrap-tls" };
const BROUGHT = { apiVersion: "v1", kind: "Secret", namespace: "web", name: "flat" };

const there = async (run: Run, install: readonly string[]): Promise<void> => {
  const first = await run(...install);
  expect(first.code, first.stderr).toBe(0);
};

/** Nothing is written, and each kind is listed once. */
const silent = async (run: Run, install: readonly string[]): Promise<void> => {
  const second = await run(...install);
  expect({ code: second.code, writes: second.stats.writes }, second.stderr).toEqual({ code: 0, writes: 0 });
  // Of Secrets, those that are ours and those of unfinished orders.
  const twice = Object.entries(second.stats.lists).filter(([kind, count]) => count > (kind === "v1 Secret" ? 2 : 1));
  expect(twice).toEqual([]);
};

const back = async (run: Run, place: Place, before: readonly string[]): Promise<void> => {
  const uninstalled = await run("uninstall", "--yes", "--purge");
  expect(uninstalled.code, uninstalled.stderr).toBe(0);
  expect((await contentsOf(place)).filter((name) => !/^Namespace web$| web\//.test(name))).toEqual(before);
};

describe.skipIf(!hasUpstream)("an installation from the releases' files", () => {
  const done = new Map<string, string>();

  it.each(chosen)("with $ingress, --tls $tls and Knative $minor", async ({ ingress, tls, minor }) => {
    await using place = await openPlace();
    const run: Run = (...args) => kn(place, args);
    const way = WAYS[tls] as Way;
    const before = await contentsOf(place);
    await way.given?.(place);
    const versions = ["--knative-version", minor, "--manifests", UPSTREAM, "--ingress", ingress];
    const install = ["install", "--yes", ...versions, ...RECORDS, ...way.options(place)];
    await there(run, install);
    await silent(run, install);
    const renewal = await way.renewal(place, run, install);
    expect(renewal.code, renewal.stderr).toBe(0);
    if (tls === "secret" && ingress === "istio")
      expect(place.world.api.get(GATEWAY_COPY)?.data["tls.crt"]).toBe(place.world.api.get(BROUGHT)?.data["tls.crt"]);
    const status = await run("status");
    expect(status.stdout).toContain(`(${ingress}.ingress.networking.knative.dev)`);
    await back(run, place, before);
    done.set(`${ingress} ${tls} ${minor}`, "there, silent, renewed, back");
  });

  afterAll(() => {
    const lines = INGRESSES.flatMap((ingress) =>
      Object.keys(WAYS).map((tls) => {
        const cells = MINORS.map((minor) => `${minor} ${done.get(`${ingress} ${tls} ${minor}`) ?? "not in this run"}`);
        return `  ${ingress.padEnd(8)} ${tls.padEnd(13)} ${cells.join(" | ")}`;
      }),
    );
    process.stderr.write(`matrix:\n${lines.join("\n")}\n`);
  });
});
