import { describe, expect, it } from "vitest";
import type { WorldOptions } from "../../src/sandbox/world.ts";
import { isThorough } from "../thorough.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { kn, type Stage, stage } from "./cli.ts";
import { INTERNET_SETS, OPTION_SETS, type OptionSet, type Outside, openOutside } from "./option-sets.ts";
import { contentsOf } from "./place.ts";

const given = process.env.KN_TEST_KUBECONFIG;
if (given) process.stderr.write(`there and back again in the cluster of ${given}\n`);

/** A sample has its stand-ins: the lifecycle's own test goes there and back with the real manifests. */
const isReal = hasUpstream && (isThorough || given !== undefined);
const RELEASES = isReal ? ["--knative-version", "1.23", "--manifests", UPSTREAM] : [];

interface Journey extends OptionSet {
  readonly outside?: (typeof INTERNET_SETS)[number]["args"];
}

const ALL: readonly Journey[] = [
  ...Object.values<OptionSet>(OPTION_SETS),
  ...INTERNET_SETS.map(({ title, args }) => ({ title, args: [], outside: args })),
];
/** What leaves most. */
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

describe("an install with", () => {
  it.each(journeys)(
    "$title stays as it is without flags, and uninstall --purge leaves nothing",
    async ({ args, outside, world }) => {
      await using place = await openPlace(world, outside !== undefined);
      const before = await ofOurs(place);
      const more = place.outside ? outside?.(place.outside) : undefined;
      const install = await kn(place, ["install", "--yes", ...RELEASES, ...args, ...(more ?? [])]);
      expect(install.code, install.stderr).toBe(0);
      const plan = await kn(place, ["plan", "--exit-code", ...RELEASES]);
      expect(plan.code, plan.stdout + plan.stderr).toBe(0);
      const uninstall = await kn(place, ["uninstall", "--yes", "--purge"]);
      expect(uninstall.code, uninstall.stderr).toBe(0);
      expect(uninstall.stdout + uninstall.stderr).toContain("Nothing of kn-bootstrap is left in this cluster.");
      // The API server lets go of the groups that it served a moment later.
      await expect.poll(() => ofOurs(place)).toEqual(before);
    },
  );
});

interface Place extends Stage, AsyncDisposable {
  readonly outside?: Outside;
}

const openPlace = async (options: WorldOptions | undefined, needsOutside: boolean): Promise<Place> => {
  const outside = needsOutside ? await openOutside() : undefined;
  const world = given
    ? { kubeconfig: given, close: async () => {} }
    : await stage({ ...options, ...(outside ? { certManager: outside.internet.door } : {}) });
  return {
    ...world,
    standIns: !isReal,
    ...(outside ? { outside, internet: outside.internet } : {}),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([world.close(), outside?.internet.close()]);
    },
  };
};

/** Every object by kind and name, but Events. In a cluster of somebody, what could be of ours: the rest moves. */
const ofOurs = async (place: Stage): Promise<readonly string[]> => {
  const names = await contentsOf(place);
  return given ? names.filter((name) => /knative|kourier|kn-bootstrap|cert-manager/.test(name)) : names;
};
