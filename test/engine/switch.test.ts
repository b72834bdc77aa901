import { get } from "node:http";
import { describe, expect, it } from "vitest";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import { patient } from "../patience.ts";
import { PACE } from "./cli.ts";
import { contentsOf, openPlace, type Place, runnerIn } from "./place.ts";

const RECORDS = ["--dns", "route53", "--domain", "apps.example.com"];

/** What somebody outside gets who looks the name up each time. */
const client = ({ world, outside: { internet } }: Place) => {
  const { resolver: server, connectTo } = internet.dns;
  const resolver = createResolver({ server, connectTo });
  const name = "user-default.apps.example.com";
  return async (): Promise<number> => {
    const answer = await resolver.ask(name, "A").catch(() => undefined);
    const address = answer?.answers.find(({ type }) => type === "A")?.value;
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
    const run = runnerIn(place);
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
      await answers().finally(() => clearInterval(clock));
      expect(installed.code, installed.stderr).toBe(0);
      process.stderr.write(
        `switched to ${ingress}: ${down} of ${asked} requests in 10 ms each got no answer (a second of the cluster is ${PACE} ms)\n`,
      );
      // Istio's root stays in every namespace, where an uninstall finds it.
      const other = ingress === "istio" ? /kourier/i : /istio(?!-ca-root-cert)/i;
      const left = (await contentsOf(place)).filter((name) => other.test(name) && !/default\//.test(name));
      expect(left, `left after the switch to ${ingress}`).toEqual([]);
    }
    // Pods, ReplicaSets and what has their names are others than before.
    const stable = (names: readonly string[]) =>
      names.filter(
        (name) => !/^(Pod|ReplicaSet|EndpointSlice|Revision|PodAutoscaler|Lease|Event)|istio-ca-root-cert/.test(name),
      );
    expect(stable(await contentsOf(place))).toEqual(stable(before));
    const gone = await run("uninstall", "--yes", "--purge", "--delete-workloads");
    expect(gone.stdout + gone.stderr).toContain("Nothing of kn-bootstrap is left in this cluster.");
  });

  it("leaves a namespace in which somebody else has something, and takes the nodes' ports over at the beginning", async () => {
    await using place = await openPlace({ loadBalancer: "none" });
    const { world } = place;
    const run = runnerIn(place);
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
      "ConfigMap kourier-system/istio-ca-root-cert",
      "ConfigMap kourier-system/kube-root-ca.crt",
      "ConfigMap kourier-system/notes",
      "ServiceAccount kourier-system/default",
    ]);
  });
});
