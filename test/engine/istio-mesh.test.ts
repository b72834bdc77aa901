import { describe, expect, it } from "vitest";
import { inspect } from "../../src/certificates/secret.ts";
import { WILDCARD } from "../../src/certificates/served.ts";
import { hasSidecar } from "../../src/checks/mesh/sidecars.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { bring, shapeObjects } from "../../src/sandbox/istio/shapes/index.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { ApiRequest, Obj } from "../../src/sandbox/types.ts";
import type { WorldOptions } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";
import { isThorough } from "../thorough.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { kn, type Outcome, type Stage, stage } from "./cli.ts";
import { type Outside, openOutside } from "./option-sets.ts";
import { contentsOf, findingsOf } from "./place.ts";

/** Knative in Istio's mesh; from the releases' own files where all is tested. */

const isReal = isThorough && hasUpstream;

interface Place extends AsyncDisposable {
  readonly outside: Outside;
  readonly world: Awaited<ReturnType<typeof stage>>;
  readonly run: (...args: readonly string[]) => Promise<Outcome>;
}

const openPlace = async (options: WorldOptions = {}): Promise<Place> => {
  const outside = await openOutside();
  const world = await stage({ ...options, certManager: outside.internet.door });
  const place: Stage = { ...world, internet: outside.internet, standIns: !isReal };
  const from = isReal ? ["--manifests", UPSTREAM] : [];
  return {
    world,
    outside,
    run: (command = "", ...args) =>
      kn(place, [command, ...(["install", "plan"].includes(command) ? from : []), ...args, "-o", "json"]),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([world.close(), outside.internet.close()]);
    },
  };
};

const MESH = ["--ingress", "istio", "--mesh"];
const PLAIN = ["--dns", "none", "--domain", "apps.example.com", "--tls", "none"];
const PEERS = ["security.istio.io/v1beta1", "PeerAuthentication"] as const;

/** Apps of knative-serving whose pods have sidecars. */
const inMesh = ({ api }: Place["world"]): readonly string[] => {
  const pods = api.list("v1", "Pod", "knative-serving").filter(({ metadata }) => !metadata.deletionTimestamp);
  return [
    ...new Set(pods.filter((pod) => hasSidecar(pod as KubeObject)).map(({ metadata }) => metadata.labels?.app ?? "")),
  ].sort();
};

const localServers = ({ api }: Place["world"]): unknown =>
  api.get({
    apiVersion: "networking.istio.io/v1beta1",
    kind: "Gateway",
    namespace: "knative-serving",
    name: "knative-local-gateway",
  })?.spec.servers;

const strictIn = ({ api }: Place["world"], namespace: string): readonly string[] =>
  api
    .list(...PEERS, namespace)
    .filter(({ spec }) => spec.mtls?.mode === "STRICT")
    .map(({ metadata }) => metadata.name)
    .sort();

const HTTP = [{ hosts: ["*"], port: { name: "http", number: 8081, protocol: "HTTP" } }];

describe("--mesh", () => {
  it("is there, silent, renewed, off and gone again, and a canary has seen each of its three statements", async () => {
    await using place = await openPlace();
    const { world, run, outside } = place;
    const before = await contentsOf(world);
    const { acme } = outside.internet;
    const records = ["--dns", "route53", "--domain", "apps.example.com"];
    const options = [...records, "--tls", "letsencrypt", "--acme-directory", acme.directory, "--ingress", "istio"];
    const first = await run("install", "--yes", ...options, "--mesh");
    expect(first.code, first.stderr).toBe(0);
    expect(findingsOf(first)).toMatchObject({
      "mesh.sidecars": "ok: each of their pods has a sidecar",
      "proof.https": expect.stringMatching(/^ok: /),
      "mesh.inside": "ok: it answers by its name inside the cluster, to a pod with a sidecar",
      "mesh.plain": "ok: plain http at port 8012 of its pod is refused",
      "proof.zero": expect.stringMatching(/^ok: /),
    });
    expect(inMesh(world)).toEqual(["activator", "autoscaler"]);
    expect(strictIn(world, "knative-serving")).toEqual(["activator", "autoscaler"]);
    expect(localServers(world)).toMatchObject([
      { port: { number: 8081, protocol: "HTTPS" }, tls: { mode: "ISTIO_MUTUAL" } },
    ]);
    expect(world.api.list(...PEERS, "kn-bootstrap")).toEqual([]);
    expect(world.api.list("batch/v1", "Job", "kn-bootstrap")).toEqual([]);

    const second = await run("install", "--yes", ...options, "--mesh");
    expect({ code: second.code, writes: second.stats.writes }, second.stderr).toEqual({ code: 0, writes: 0 });

    const serial = () => inspect(world.api.get({ ...WILDCARD, namespace: "kn-bootstrap" }))?.serial ?? "";
    const old = serial();
    acme.moveRenewal(old);
    const renewed = await run("renew", "--yes");
    expect(renewed.code, renewed.stderr).toBe(0);
    expect(serial()).not.toBe(old);
    expect(inMesh(world)).toEqual(["activator", "autoscaler"]);

    // As a run that was killed leaves it.
    const labels = { "kn-bootstrap/step": "proof" };
    const canary = {
      apiVersion: PEERS[0],
      kind: PEERS[1],
      metadata: { namespace: "kn-bootstrap", name: "hello", labels },
    };
    await world.api.create("kn-bootstrap", canary as Obj);
    const off = await run("install", "--yes", ...options, "--no-mesh", "--skip-checks", "proof.zero");
    expect(off.code, off.stderr).toBe(0);
    expect(world.api.list(...PEERS, "kn-bootstrap")).toEqual([]);
    expect(inMesh(world)).toEqual([]);
    expect(strictIn(world, "knative-serving")).toEqual([]);
    expect(world.api.list("networking.istio.io/v1beta1", "DestinationRule")).toEqual([]);
    expect(localServers(world)).toMatchObject(HTTP);

    const strict = { apiVersion: PEERS[0], kind: PEERS[1], name: "strict", namespace: "default" };
    const { namespace, name, ...kind } = strict;
    await world.api.create("test", {
      ...kind,
      metadata: { namespace, name },
      spec: { mtls: { mode: "STRICT" } },
    } as Obj);
    const planned = await run("plan", ...options);
    expect(planned.events.find(({ id }) => id === "mesh.strict")).toMatchObject({
      status: "warn",
      summary: expect.stringContaining("PeerAuthentication default/strict asks for mutual TLS"),
      remedy: { command: "kn-bootstrap install --ingress istio --mesh" },
    });
    await world.api.remove(strict);

    const gone = await run("uninstall", "--yes", "--purge");
    expect(gone.code, gone.stderr).toBe(0);
    expect(await contentsOf(world)).toEqual(before);
  });

  it("has sidecars of the older form with the oldest Istio, says what it cannot see, and goes with everything else", async () => {
    const message = "pods/proxy is forbidden";
    const body = { kind: "Status", status: "Failure", reason: "Forbidden", code: 403, message };
    const onRequest = ({ path }: ApiRequest) =>
      /\/pods\/[^/]+\/proxy\//.test(path) ? { status: 403, body } : undefined;
    await using place = await openPlace({ version: "v1.30.0", onRequest });
    const { world, run } = place;
    const before = await contentsOf(world);
    const first = await run("install", "--yes", "--knative-version", "1.14", ...PLAIN, ...MESH);
    expect(first.code, first.stderr).toBe(0);
    expect(findingsOf(first)).toMatchObject({
      "mesh.inside": expect.stringMatching(/^ok: /),
      "mesh.plain": expect.stringMatching(/^warn: unknown: .*pods\/proxy is forbidden/),
    });
    const pods = world.api.list("v1", "Pod", "knative-serving");
    expect(pods.find(({ metadata }) => metadata.labels?.app === "activator")).toMatchObject({
      metadata: {
        annotations: { "proxy.istio.io/config": expect.stringContaining('"terminationDrainDuration":"20s"') },
      },
      spec: { containers: [{ name: "activator" }, { name: "istio-proxy" }] },
    });
    const gone = await run("uninstall", "--yes", "--purge");
    expect(gone.code, gone.stderr).toBe(0);
    expect(await contentsOf(world)).toEqual(before);
  });

  it.skipIf(!isThorough)(
    "is that of an Istio of others, by its revision, and nothing of theirs is left otherwise",
    async () => {
      await using place = await openPlace();
      const { world, run } = place;
      await bring(world.api, shapeObjects("revision"));
      const up = () => world.api.list("apps/v1", "Deployment").every((one) => isTrue(one as Obj, "Available"));
      await expect.poll(up, { timeout: patient(20_000) }).toBe(true);
      const before = await contentsOf(world);
      const first = await run("install", "--yes", ...PLAIN, ...MESH);
      expect(first.code, first.stderr).toBe(0);
      expect(findingsOf(first)).toMatchObject({
        "mesh.inside": expect.stringMatching(/^ok: /),
        "mesh.plain": expect.stringMatching(/^ok: /),
      });
      expect(inMesh(world)).toEqual(["activator", "autoscaler"]);
      const gone = await run("uninstall", "--yes", "--purge");
      expect(gone.code, gone.stderr).toBe(0);
      expect(await contentsOf(world)).toEqual(before);
    },
  );

  it.skipIf(!isThorough)("ends with another ingress", async () => {
    await using place = await openPlace();
    const { world, run } = place;
    const before = await contentsOf(world);
    const first = await run("install", "--yes", ...PLAIN, ...MESH);
    expect(first.code, first.stderr).toBe(0);
    const next = await run("install", "--yes", ...PLAIN, "--ingress", "kourier");
    expect(next.code, next.stderr).toBe(0);
    expect(inMesh(world)).toEqual([]);
    const again = await run("install", "--yes", ...PLAIN, "--ingress", "kourier");
    expect({ code: again.code, writes: again.stats.writes }, again.stderr).toEqual({ code: 0, writes: 0 });
    const both = await run("install", "--yes", ...PLAIN, "--mesh");
    expect({ code: both.code, writes: both.stats.writes }).toEqual({ code: 2, writes: 0 });
    const back = await run("install", "--yes", ...PLAIN, ...MESH);
    expect(back.code, back.stderr).toBe(0);
    expect(inMesh(world)).toEqual(["activator", "autoscaler"]);
    const gone = await run("uninstall", "--yes", "--purge");
    expect(gone.code, gone.stderr).toBe(0);
    expect(await contentsOf(world)).toEqual(before);
  });
});
