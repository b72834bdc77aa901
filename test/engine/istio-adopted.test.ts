import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { at, type KubeObject, keyOf } from "../../src/ports/object.ts";
import { bring, type Shape, shapeObjects, shapes } from "../../src/sandbox/istio/shapes/index.ts";
import { patient } from "../patience.ts";
import { isThorough } from "../thorough.ts";
import { kn, type Outcome, PACE, type Stage, stage } from "./cli.ts";
import { type Outside, openOutside } from "./option-sets.ts";

/** Knative through an Istio that somebody else has installed. */

interface Place extends Stage, AsyncDisposable {
  readonly world: Awaited<ReturnType<typeof stage>>;
  readonly run: (...args: readonly string[]) => Promise<Outcome>;
}

let outside: Outside;
beforeAll(async () => {
  outside = await openOutside();
});
afterAll(() => outside.internet.close());

const openPlace = async (objects: readonly unknown[]): Promise<Place> => {
  const world = await stage();
  await bring(world.api, objects as Parameters<typeof bring>[1]);
  const place = { ...world, world, internet: outside.internet, standIns: true };
  await settled(place);
  return { ...place, run: (...args) => kn(place, args), [Symbol.asyncDispose]: world.close };
};

/** Its processes have written what they write when they start, and its endpoints are known. */
const settled = async (place: Stage & Pick<Place, "world">): Promise<void> => {
  const isUp = ({ spec, status }: KubeObject): boolean =>
    at(status, "availableReplicas") === (at(spec, "replicas") ?? 1);
  let last: ReadonlyMap<string, unknown> = new Map();
  const isCalm = async (): Promise<boolean> => {
    const now = await everything(place);
    const isSame = differences(last, now).length === 0;
    last = now;
    return isSame && place.world.api.list("apps/v1", "Deployment").every(isUp);
  };
  await expect.poll(isCalm, { timeout: patient(20_000), interval: 30 * PACE }).toBe(true);
};

/** What somebody has written, of every object there is; what only the server counts is left out. */
const everything = async ({ kubeconfig }: Stage): Promise<ReadonlyMap<string, unknown>> => {
  const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
  const kinds = (await cluster.resources()).filter(({ verbs, kind }) => verbs.includes("list") && kind !== "Event");
  const lists = await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })));
  cluster.close();
  return new Map(
    lists.flat().map(({ metadata, status: _status, ...rest }) => {
      const { managedFields: _fields, resourceVersion: _version, ...kept } = metadata;
      return [keyOf({ ...rest, metadata } as KubeObject), { ...rest, metadata: kept }];
    }),
  );
};

const differences = (before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => !isDeepStrictEqual(before.get(key), after.get(key)),
  );

const RECORDS = ["--dns", "route53", "--domain", "apps.example.com"];
const SELF_SIGNED = [...RECORDS, "--tls", "self-signed"];
/** What each of them needs to be told besides. */
const TOLD: Readonly<Record<Shape, readonly string[]>> = {
  istioctl: [],
  helm: [],
  "two-gateways": ["--istio-gateway", "edge/istio-internalgateway"],
  revision: [],
  "service-mesh-2": [],
  "service-mesh-3": [],
};
const SAMPLED: readonly Shape[] = ["helm", "service-mesh-2"];

describe("an Istio that is there already", () => {
  it.each(isThorough ? shapes : SAMPLED)(
    "as %s leaves it: served, silent the second time, and as before at the end",
    async (shape) => {
      await using place = await openPlace(shapeObjects(shape));
      const before = await everything(place);
      const tls =
        shape === "helm"
          ? [...RECORDS, "--tls", "letsencrypt", "--acme-directory", outside.internet.acme.directory]
          : SELF_SIGNED;
      const install = ["install", "--yes", "--ingress", "istio", ...tls, ...TOLD[shape]];
      const first = await place.run(...install);
      expect(first.code, first.stderr).toBe(0);
      const second = await place.run(...install);
      expect({ code: second.code, writes: second.stats.writes }, second.stderr).toEqual({ code: 0, writes: 0 });
      const theirs = await everything(place);
      expect(differences(before, new Map([...theirs].filter(([key]) => before.has(key))))).toEqual([]);
      const gone = await place.run("uninstall", "--yes", "--purge");
      expect(gone.code, gone.stderr).toBe(0);
      expect(differences(before, await everything(place))).toEqual([]);
    },
  );
});
