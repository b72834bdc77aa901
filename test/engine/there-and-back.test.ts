import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { describe as nameOf } from "../../src/ports/object.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import type { WorldOptions } from "../../src/sandbox/world.ts";
import { isThorough } from "../thorough.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { kn, type Stage, stage } from "./cli.ts";
import { INTERNET_SETS, OPTION_SETS, type OptionSet } from "./option-sets.ts";

const given = process.env.KN_TEST_KUBECONFIG;
if (given) process.stderr.write(`there and back again in the cluster of ${given}\n`);

/** The real manifests make what the controllers make more; stand-ins where they are not. */
const RELEASES = hasUpstream ? ["--knative-version", "1.23", "--manifests", UPSTREAM] : [];

interface Journey extends OptionSet {
  readonly outside?: (typeof INTERNET_SETS)[number]["args"];
}

const ALL: readonly Journey[] = [
  ...Object.values<OptionSet>(OPTION_SETS),
  ...INTERNET_SETS.map(({ title, args }) => ({ title, args: [], outside: args })),
];
/** The lifecycle's own test goes there and back without options; of the others, what leaves most. */
const SAMPLE: readonly string[] = [OPTION_SETS.extras.title, "Route 53, cert-manager"];
/** What a cluster of somebody can serve: its load balancer is what it is, and no zone or registry is ours. */
const ANYWHERE: readonly OptionSet[] = [
  OPTION_SETS.defaults,
  OPTION_SETS.plain,
  OPTION_SETS.domain,
  OPTION_SETS.nested,
];

const journeys: readonly Journey[] = given
  ? ANYWHERE.filter(({ title }) => isThorough || title === OPTION_SETS.defaults.title)
  : ALL.filter(({ title }) => isThorough || SAMPLE.includes(title));

describe("uninstall --purge after an install with", () => {
  it.each(journeys)("$title: nothing is left", async ({ args, outside, world }) => {
    await using place = await openPlace(world, outside !== undefined);
    const before = await contentsOf(place);
    const install = await kn(place, ["install", "--yes", ...RELEASES, ...args, ...(outside?.(place) ?? [])]);
    expect(install.code, install.stderr).toBe(0);
    const uninstall = await kn(place, ["uninstall", "--yes", "--purge"]);
    expect(uninstall.code, uninstall.stderr).toBe(0);
    expect(uninstall.stdout + uninstall.stderr).toContain("Nothing of kn-bootstrap is left in this cluster.");
    // The API server lets go of the groups that it served a moment later.
    await expect.poll(() => contentsOf(place)).toEqual(before);
  });
});

interface Place extends Stage, AsyncDisposable {
  readonly internet: Internet;
  readonly caFile: string;
}

const openPlace = async (options: WorldOptions | undefined, isOutside: boolean): Promise<Place> => {
  const internet = isOutside ? await startInternet({ zones: ["example.com"] }) : undefined;
  const world = given
    ? { kubeconfig: given }
    : await stage({ ...options, ...(internet ? { certManager: internet.door } : {}) });
  const caFile = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-ca-")), "ca.pem");
  if (internet) writeFileSync(caFile, `${internet.acme.tlsCa}\n${internet.acme.root}`);
  return {
    ...world,
    standIns: !hasUpstream,
    caFile,
    ...(internet ? { internet } : {}),
    [Symbol.asyncDispose]: async () => {
      if ("close" in world) await world.close();
      await internet?.close();
    },
  } as Place;
};

/** Every object by kind and name, but Events. In a cluster of somebody, what could be of ours: the rest moves. */
const contentsOf = async ({ kubeconfig }: Stage): Promise<readonly string[]> => {
  const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
  const kinds = (await cluster.resources()).filter(({ verbs, kind }) => verbs.includes("list") && kind !== "Event");
  const lists = await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })));
  cluster.close();
  const names = lists.flat().map(nameOf).sort();
  return given ? names.filter((name) => /knative|kourier|kn-bootstrap|cert-manager/.test(name)) : names;
};
