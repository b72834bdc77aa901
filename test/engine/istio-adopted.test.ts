import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { inspect } from "../../src/certificates/secret.ts";
import { COPY } from "../../src/ingress/istio/names.ts";
import { STATE } from "../../src/kube/prior.ts";
import { at, dataOf, type KubeObject, keyOf, type ObjectRef } from "../../src/ports/object.ts";
import { bring, type Shape, shapeObjects, shapes } from "../../src/sandbox/istio/shapes/index.ts";
import { patient } from "../patience.ts";
import { isThorough } from "../thorough.ts";
import { kn, type Outcome, PACE, type Stage, stage } from "./cli.ts";
import { bring as bringCertificate, putBrought } from "./dns/brought.ts";
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

interface Case {
  /** Of TLS, and which gateway it is to be. */
  readonly options: readonly string[];
  /** What its owners have put there besides. */
  readonly besides?: (place: Place) => Promise<void>;
  /** Once it is installed. */
  readonly afterwards?: (place: Place, install: readonly string[]) => Promise<void>;
}

const GATEWAY: ObjectRef = {
  apiVersion: "networking.istio.io/v1beta1",
  kind: "Gateway",
  namespace: "knative-serving",
  name: "knative-ingress-gateway",
};
const serversAt = ({ world }: Place): unknown =>
  world.api.get({ ...GATEWAY, namespace: "knative-serving" })?.spec.servers;

/** As `kubectl apply --server-side --field-manager kn-bootstrap` does with what docs/guides/existing-istio.md takes out of the state. */
const putBack = async (place: Place): Promise<void> => {
  const cluster = openCluster(await loadKubeconfig({ path: place.kubeconfig, env: {} }));
  const kept = dataOf(await cluster.get(STATE))["served-before"] ?? "";
  await cluster.apply(JSON.parse(kept), { manager: "kn-bootstrap" });
  cluster.close();
};

const SELF_SIGNED: Case = { options: ["--tls", "self-signed"] };

const CASES: Readonly<Record<Shape, Case>> = {
  // The pods have the certificate as files.
  istioctl: {
    options: ["--tls", "secret", "--tls-secret", "istio-system/istio-ingressgateway-certs"],
    besides: async ({ world }) =>
      putBrought(world, "istio-ingressgateway-certs", await bringCertificate(["*.apps.example.com"]), "istio-system"),
    afterwards: async (place) => {
      expect(JSON.stringify(serversAt(place))).toContain(
        '"serverCertificate":"/etc/istio/ingressgateway-certs/tls.crt"',
      );
      expect(JSON.stringify(serversAt(place))).not.toContain("credentialName");
    },
  },
  // A renewal reaches the copy beside the gateway's pods, and needs no release to know where that is.
  helm: {
    options: ["--tls", "letsencrypt"],
    afterwards: async ({ world, run }) => {
      const serialIn = (namespace: string, name: string): string =>
        inspect(world.api.get({ apiVersion: "v1", kind: "Secret", namespace, name }))?.serial ?? "";
      const before = serialIn("istio-ingress", COPY.name);
      expect(before).not.toBe("");
      outside.internet.acme.moveRenewal(before);
      const renewed = await run("renew", "--yes");
      expect(renewed.code, renewed.stderr).toBe(0);
      expect(serialIn("istio-ingress", COPY.name)).not.toBe(before);
      const status = await run("status");
      expect(status.stdout).toContain("by LoadBalancer istio-ingress/istio-ingress");
    },
  },
  "two-gateways": { options: ["--tls", "self-signed", "--istio-gateway", "edge/istio-internalgateway"] },
  revision: SELF_SIGNED,
  "service-mesh-2": {
    ...SELF_SIGNED,
    // What is served is changed, put back by hand, and is what the options say again after the next install.
    afterwards: async (place, install) => {
      const before = serversAt(place);
      const change = [...install, "--http", "enabled"];
      expect((await place.run(...change)).code).toBe(0);
      const after = serversAt(place);
      expect(after).not.toEqual(before);
      await putBack(place);
      expect(serversAt(place)).toEqual(before);
      const again = await place.run(...change);
      expect(again.code, again.stderr).toBe(0);
      expect(serversAt(place)).toEqual(after);
    },
  },
  "service-mesh-3": SELF_SIGNED,
};
const SAMPLED: readonly Shape[] = ["helm", "service-mesh-2"];

describe("an Istio that is there already", () => {
  it.each(isThorough ? shapes : SAMPLED)(
    "as %s leaves it: served, silent the second time, and as before at the end",
    async (shape) => {
      await using place = await openPlace(shapeObjects(shape));
      const { options, besides, afterwards } = CASES[shape];
      await besides?.(place);
      await settled(place);
      const before = await everything(place);
      const ca = options.includes("letsencrypt") ? ["--acme-directory", outside.internet.acme.directory] : [];
      const install = ["install", "--yes", "--ingress", "istio", ...RECORDS, ...options, ...ca];
      const first = await place.run(...install);
      expect(first.code, first.stderr).toBe(0);
      const second = await place.run(...install);
      expect({ code: second.code, writes: second.stats.writes }, second.stderr).toEqual({ code: 0, writes: 0 });
      await afterwards?.(place, install);
      const theirs = await everything(place);
      expect(differences(before, new Map([...theirs].filter(([key]) => before.has(key))))).toEqual([]);
      const gone = await place.run("uninstall", "--yes", "--purge");
      expect(gone.code, gone.stderr).toBe(0);
      expect(differences(before, await everything(place))).toEqual([]);
    },
  );
});
