import { get } from "node:http";
import { describe, expect, it } from "vitest";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { inspect } from "../../src/certificates/secret.ts";
import { WILDCARD } from "../../src/certificates/served.ts";
import { describe as nameOf } from "../../src/ports/object.ts";
import type { WorldOptions } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";
import { isThorough } from "../thorough.ts";
import { hasUpstream, UPSTREAM } from "../trust/upstream.ts";
import { kn, type Outcome, PACE, type Stage, stage } from "./cli.ts";
import { bring, putBrought } from "./dns/brought.ts";
import { type Outside, openOutside } from "./option-sets.ts";

/** Knative with Istio from the releases' own files. */

const RECORDS = ["--dns", "route53", "--domain", "apps.example.com"];
const ca = ({ internet }: Outside): readonly string[] => ["--acme-directory", internet.acme.directory];

/** The ways to TLS, by their options. */
const WAYS: Readonly<Record<string, (outside: Outside) => readonly string[]>> = {
  none: () => [...RECORDS, "--tls", "none"],
  "self-signed": () => [...RECORDS, "--tls", "self-signed"],
  acme: (outside) => [...RECORDS, "--tls", "letsencrypt", ...ca(outside)],
  secret: () => [...RECORDS, "--tls", "secret", "--tls-secret", "web/flat"],
  "cert-manager": (outside) => [
    ...RECORDS,
    ...["--tls", "cert-manager", "--acme-ca-file", outside.caFile],
    ...ca(outside),
  ],
};
const MATRIX = Object.keys(WAYS).flatMap((tls) => ["1.20", "1.23"].map((minor) => ({ tls, minor })));
/** What differs most from Kourier. */
const isSampled = ({ tls, minor }: (typeof MATRIX)[number]): boolean =>
  isThorough || `${tls} ${minor}` === "acme 1.23" || `${tls} ${minor}` === "none 1.20";

const ISTIOD = { apiVersion: "apps/v1", kind: "Deployment", namespace: "istio-system", name: "istiod" };

interface Place extends Stage, AsyncDisposable {
  readonly outside: Outside;
  readonly world: Awaited<ReturnType<typeof stage>>;
}

const openPlace = async (options: WorldOptions = {}): Promise<Place> => {
  const outside = await openOutside();
  const world = await stage({ ...options, certManager: outside.internet.door });
  return {
    ...world,
    world,
    outside,
    internet: outside.internet,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([world.close(), outside.internet.close()]);
    },
  };
};

const contentsOf = async ({ kubeconfig }: Stage): Promise<readonly string[]> => {
  const cluster = openCluster(await loadKubeconfig({ path: kubeconfig, env: {} }));
  const kinds = (await cluster.resources()).filter(({ verbs, kind }) => verbs.includes("list") && kind !== "Event");
  const lists = await Promise.all(kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind })));
  cluster.close();
  return lists.flat().map(nameOf).sort();
};

describe.skipIf(!hasUpstream)("Istio from its release", () => {
  it.each(MATRIX.filter(isSampled))(
    "with --tls $tls on Knative $minor: there, silent, renewed where it is ordered, and back",
    async ({ tls, minor }) => {
      await using place = await openPlace();
      const before = await contentsOf(place);
      if (tls === "secret") await putBrought(place.world, "flat", await bring(["*.apps.example.com"]));
      const options = ["--knative-version", minor, "--manifests", UPSTREAM, "--ingress", "istio"];
      const run = (...args: readonly string[]): Promise<Outcome> => kn(place, args);
      const install = ["install", "--yes", ...options, ...(WAYS[tls]?.(place.outside) ?? [])];
      const first = await run(...install);
      expect(first.code, first.stderr).toBe(0);
      const second = await run(...install);
      expect({ code: second.code, writes: second.stats.writes }, second.stderr).toEqual({ code: 0, writes: 0 });
      // Of Secrets, those that are ours and those of unfinished orders.
      const twice = Object.entries(second.stats.lists).filter(
        ([kind, count]) => count > (kind === "v1 Secret" ? 2 : 1),
      );
      expect(twice).toEqual([]);
      if (tls === "acme") {
        const secret = () => inspect(place.world.api.get({ ...WILDCARD, namespace: "kn-bootstrap" }))?.serial ?? "";
        const serial = secret();
        place.outside.internet.acme.moveRenewal(serial);
        const renewed = await run("renew", "--yes");
        expect(renewed.code, renewed.stderr).toBe(0);
        expect(secret()).not.toBe(serial);
      }
      const status = await run("status");
      const running = place.world.api.get(ISTIOD)?.metadata.labels?.["app.kubernetes.io/version"];
      expect(status.stdout).toContain(`istio ${running} (istio.ingress.networking.knative.dev)`);
      const uninstalled = await run("uninstall", "--yes", "--purge");
      expect(uninstalled.code, uninstalled.stderr).toBe(0);
      expect((await contentsOf(place)).filter((name) => !/^Namespace web$| web\//.test(name))).toEqual(before);
      process.stderr.write(`istio, Knative ${minor}, --tls ${tls}: there, silent and back\n`);
    },
  );
});

describe("Istio on a laptop", () => {
  const node = { name: "laptop", cpu: "4", memory: "8Gi", internalIP: "127.0.0.1", externalIP: "127.0.0.1" };

  it("has room with --profile small, and the plan says what is asked for", async () => {
    await using place = await openPlace({ nodes: [node] });
    const run = (...args: readonly string[]): Promise<Outcome> => kn({ ...place, standIns: true }, args);
    const large = await run("plan", "--ingress", "istio");
    expect(large.stdout).toContain("Istio asks for 4.5 vCPU and 9.1 GiB of memory.");
    const warned = (large.stdout + large.stderr).replace(/\s+/g, " ");
    expect(warned).toContain("no node has room for a pod of Deployment istio-system/istio");
    expect(warned).toContain("free is 4 vCPU and 8 GiB of memory");
    const small = await run("install", "--yes", "--ingress", "istio", "--profile", "small", "--tls", "none");
    expect(small.code, small.stderr).toBe(0);
    expect(small.stdout).not.toContain("vCPU and");
    expect(small.stderr).not.toContain("no node has room");
    const gateway = place.world.api.get({
      apiVersion: "apps/v1",
      kind: "Deployment",
      namespace: "istio-system",
      name: "istio-ingressgateway",
    });
    expect(gateway?.spec).toMatchObject({ replicas: 1 });
  });

  it("is refused together with an ingress that has one size, and with a Knative that it does not go with", async () => {
    await using place = await openPlace();
    const run = (...args: readonly string[]): Promise<Outcome> => kn({ ...place, standIns: true }, args);
    const sized = await run("plan", "--profile", "small");
    expect({ code: sized.code, text: sized.stderr }).toMatchObject({
      code: 2,
      text: expect.stringContaining("--profile small does not go with --ingress kourier."),
    });
    const old = await run("plan", "--ingress", "istio", "--knative-version", "1.13.1");
    expect({ code: old.code, text: old.stderr }).toMatchObject({
      code: 2,
      text: expect.stringContaining("No Istio is known that goes with Knative 1.13."),
    });
  });

  it("is refused where somebody else has an Istio without what Knative needs of it, or a Service that would be taken for the gateway's", async () => {
    await using place = await openPlace();
    const run = (...args: readonly string[]): Promise<Outcome> => kn({ ...place, standIns: true }, args);
    const second = { apiVersion: "v1", kind: "Service", namespace: "default", name: "aaa-second" };
    await place.world.api.create("test", {
      apiVersion: second.apiVersion,
      kind: second.kind,
      metadata: { namespace: second.namespace, name: second.name, labels: { istio: "ingressgateway" } },
      spec: { ports: [{ port: 80 }] },
    });
    const taken = await run("install", "--yes", "--ingress", "istio");
    expect({ code: taken.code, writes: taken.stats.writes }).toEqual({ code: 2, writes: 0 });
    expect(taken.stderr).toContain("kubectl label service aaa-second -n default istio-");
    await place.world.api.remove(second);
    await place.world.api.create("istioctl", { apiVersion: "v1", kind: "Namespace", metadata: { name: "mesh" } });
    await place.world.api.create("istioctl", {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { namespace: "mesh", name: "istiod-stable", labels: { app: "istiod", "istio.io/rev": "stable" } },
      spec: {
        selector: { matchLabels: { app: "istiod" } },
        template: {
          metadata: { labels: { app: "istiod" } },
          spec: { containers: [{ name: "discovery", image: "docker.io/istio/pilot:1.28.10" }] },
        },
      },
    });
    const { code, stderr, stats } = await run("install", "--yes", "--ingress", "istio");
    expect({ code, writes: stats.writes }).toEqual({ code: 2, writes: 0 });
    expect(stderr.replace(/\s+/g, " ")).toContain(
      "The Istio in this cluster (Deployment mesh/istiod-stable, 1.28.10) does not serve networking.istio.io/v1beta1.",
    );
  });
});

describe("what is left of a net-istio that somebody removed", () => {
  it("is named before Kourier is installed, where no Revision could start", async () => {
    await using place = await openPlace();
    const name = "webhook.istio.networking.internal.knative.dev";
    await place.world.api.create("kubectl", {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name },
      webhooks: [],
    });
    const { code, stderr, stats } = await kn({ ...place, standIns: true }, ["install", "--yes"]);
    expect({ code, writes: stats.writes }).toEqual({ code: 2, writes: 0 });
    expect(stderr).toContain(`kubectl delete mutatingwebhookconfiguration ${name}`);
  });
});

/** What somebody outside gets who looks the name up each time. */
const client = ({ world, outside: { internet } }: Place) => {
  const { resolver: server, connectTo } = internet.dns;
  const resolver = createResolver({ server, connectTo });
  const name = "user-default.apps.example.com";
  return async (): Promise<number> => {
    const { answers } = await resolver.ask(name, "A");
    const address = answers.find(({ type }) => type === "A")?.value;
    if (address === undefined) return 0;
    return new Promise((resolve) => {
      get({ host: address, port: world.connectTo.get(80), headers: { host: name }, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).on("error", () => resolve(0));
    });
  };
};

describe("another ingress in the place of the first", () => {
  it("takes over and gives back, and a Service answers at the end of each", async () => {
    await using place = await openPlace();
    const { world } = place;
    const run = (...args: readonly string[]): Promise<Outcome> => kn({ ...place, standIns: true }, args);
    const ask = client(place);
    const options = [...RECORDS, "--domain-template", "flat", "--tls", "none"];
    const service = (name: string, annotations: Record<string, string> = {}) =>
      world.api.create("test", {
        apiVersion: "serving.knative.dev/v1",
        kind: "Service",
        metadata: { namespace: "default", name, annotations },
        spec: { template: { spec: { containers: [{ image: "registry.example.com/user" }] } } },
      });
    const answers = () => expect.poll(ask, { timeout: patient(20_000) }).toBe(200);
    expect((await run("install", "--yes", ...options)).code).toBe(0);
    await service("user");
    await service("own", { "networking.knative.dev/ingress-class": "kourier.ingress.networking.knative.dev" });
    await answers();
    const before = await contentsOf(place);
    const planned = await run("plan", ...options, "--ingress", "istio");
    const text = planned.stdout.replace(/\s+/g, " ");
    expect(text).toContain("Kourier answers at the old one until Istio has been proved, and is removed last.");
    expect(text).toContain("no answer from then on until its record has expired, up to 300 seconds.");
    expect(text).toContain("Service default/own (kourier.ingress.networking.knative.dev)");
    for (const ingress of ["istio", "kourier"]) {
      let [asked, down] = [0, 0];
      const clock = setInterval(async () => {
        asked += 1;
        if ((await ask()) !== 200) down += 1;
      }, 10);
      const installed = await run("install", "--yes", ...options, "--ingress", ingress);
      expect(installed.code, installed.stderr).toBe(0);
      await answers();
      clearInterval(clock);
      process.stderr.write(
        `switched to ${ingress}: ${down} of ${asked} requests in 10 ms each got no answer (a second of the cluster is ${PACE} ms)\n`,
      );
      const other = ingress === "istio" ? /kourier/i : /istio/i;
      const left = (await contentsOf(place)).filter((name) => other.test(name) && !/default\//.test(name));
      expect(left, `left after the switch to ${ingress}`).toEqual([]);
    }
    // Pods, ReplicaSets and what has their names are others than before.
    const stable = (names: readonly string[]) =>
      names.filter((name) => !/^(Pod|ReplicaSet|EndpointSlice|Revision|PodAutoscaler|Lease|Event)/.test(name));
    expect(stable(await contentsOf(place))).toEqual(stable(before));
    const gone = await run("uninstall", "--yes", "--purge", "--delete-workloads");
    expect(gone.stdout + gone.stderr).toContain("Nothing of kn-bootstrap is left in this cluster.");
  });

  it("leaves a namespace in which somebody else has something, and takes the nodes' ports over at the beginning", async () => {
    await using place = await openPlace({ loadBalancer: "none" });
    const { world } = place;
    const run = (...args: readonly string[]): Promise<Outcome> => kn({ ...place, standIns: true }, args);
    const options = ["--expose", "nodeport", "--domain", "apps.example.com", "--tls", "self-signed"];
    expect((await run("install", "--yes", ...options)).code).toBe(0);
    await world.api.create("somebody", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: "kourier-system", name: "notes" },
    });
    const switched = await run("install", "--yes", ...options, "--ingress", "istio");
    expect(switched.code, switched.stderr).toBe(0);
    expect(switched.stdout.replace(/\s+/g, " ")).toContain("The nodes' ports change hands at the beginning");
    expect(switched.stdout).toContain("Namespace kourier-system stays: something of somebody else is in it.");
    expect((await contentsOf(place)).filter((name) => name.includes("kourier-system/")).sort()).toEqual([
      "ConfigMap kourier-system/kube-root-ca.crt",
      "ConfigMap kourier-system/notes",
      "ServiceAccount kourier-system/default",
    ]);
  });
});
