import { afterEach, describe, expect, it } from "vitest";
import { bring, shapeObjects } from "../../src/sandbox/istio/shapes/index.ts";
import { serviceMesh2 } from "../../src/sandbox/istio/shapes/service-mesh.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { kn, type Outcome, stage } from "./cli.ts";

/** What of somebody else's Istio is refused before anything is written, and what is said then. */

let close = async (): Promise<void> => {};
afterEach(() => close());

type Run = (...args: readonly string[]) => Promise<Outcome & { readonly text: string }>;

const withIstio = async (
  ...objects: readonly Obj[]
): Promise<{ readonly run: Run; readonly add: (object: Obj) => Promise<unknown> }> => {
  const world = await stage();
  close = world.close;
  await bring(world.api, objects);
  const run: Run = async (...args) => {
    const outcome = await kn(
      { ...world, standIns: true },
      args.includes("--ingress") ? args : [...args, "--ingress", "istio"],
    );
    return { ...outcome, text: `${outcome.stdout}\n${outcome.stderr}`.replace(/\s+/g, " ") };
  };
  return { run, add: (object) => world.api.create("web-team", object) };
};

const expectRefused = (outcome: Awaited<ReturnType<Run>>, ...texts: readonly string[]): void => {
  expect({ code: outcome.code, writes: outcome.stats.writes }, outcome.text).toEqual({ code: 2, writes: 0 });
  for (const text of texts) expect(outcome.text).toContain(text);
};

const gateway = (name: string, selector: Record<string, string>, server: object): Obj => ({
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { namespace: "default", name },
  spec: { selector, servers: [{ port: { number: 443, name: "https", protocol: "HTTPS" }, ...server }] },
});

describe("several gateways", () => {
  it("are named, with the command that says which; what leads out of the mesh is none of them", async () => {
    const { run, add } = await withIstio(...shapeObjects("two-gateways"));
    expectRefused(
      await run("install", "--yes"),
      "edge/istio-internalgateway, istio-system/istio-ingressgateway.",
      "kn-bootstrap install --ingress istio --istio-gateway edge/istio-internalgateway",
    );
    expectRefused(
      await run("plan", "--istio-gateway", "edge/other"),
      "No gateway of Istio has the Service edge/other.",
    );
    const twin = shapeObjects("two-gateways").flatMap((object) =>
      object.metadata.namespace === "edge" && object.kind !== "ConfigMap"
        ? [{ ...object, metadata: { ...object.metadata, namespace: "default" } }]
        : [],
    );
    for (const object of twin) await add(object);
    expectRefused(
      await run("plan", "--istio-gateway", "edge/istio-internalgateway"),
      "The labels by which Service edge/istio-internalgateway chooses its pods are those of Deployment default/istio-internalgateway as well.",
    );
    const named = await run("plan", "--istio-gateway", "istio-system/istio-egressgateway");
    expect(named.code, named.text).toBe(2);
    expect(named.text).toContain("is of type ClusterIP");
  });
});

describe("an Istio that cannot be used", () => {
  it("has no gateway", async () => {
    const istiod = shapeObjects("istioctl").filter(({ metadata }) => !metadata.name.startsWith("istio-ingressgateway"));
    const { run } = await withIstio(...istiod);
    expectRefused(await run("install", "--yes"), "The Istio in this cluster has no gateway.", "helm install");
  });

  it("belongs to an operator that has made none yet: the release's own is never applied beside it", async () => {
    const kinds = shapeObjects("service-mesh-3").filter(({ kind }) => kind === "CustomResourceDefinition");
    const { run } = await withIstio(...kinds);
    expectRefused(
      await run("install", "--yes", "--skip-checks", "istio.owner"),
      "Istio belongs to the operator of OpenShift Service Mesh 3 (Sail) in this cluster, and none runs yet.",
    );
    expectRefused(await run("plan", "--istio-gateway", "a/b"), "Knative's gateway is to be a/b");
  });

  it("is a mesh that does not look at Knative's namespaces", async () => {
    const { run } = await withIstio(...serviceMesh2(["web"]));
    expectRefused(
      await run("install", "--yes"),
      "ServiceMeshMemberRoll istio-system/default does not have knative-serving and kn-bootstrap",
      `--type merge --patch '{"spec":{"members":["web","knative-serving","kn-bootstrap"]}}'`,
    );
  });

  it("gives its gateways nothing of other namespaces", async () => {
    const objects = structuredClone(shapeObjects("helm")) as Obj[];
    const env = [{ name: "PILOT_SCOPE_GATEWAY_TO_NAMESPACE", value: "true" }];
    for (const { kind, metadata, spec } of objects)
      if (kind === "Deployment" && metadata.name === "istiod") spec.template.spec.containers[0].env = env;
    const { run } = await withIstio(...objects);
    expectRefused(await run("plan"), "the Gateways of their own namespace alone (PILOT_SCOPE_GATEWAY_TO_NAMESPACE)");
  });

  it("is not asked for together with another ingress", async () => {
    const { run } = await withIstio();
    const { code, text } = await run("plan", "--istio-gateway", "a/b", "--ingress", "kourier");
    expect({ code, text }).toMatchObject({
      code: 2,
      text: expect.stringContaining("--istio-gateway does not go with --ingress"),
    });
  });
});

describe("somebody else's Gateway on the same pods", () => {
  const RECORDS = ["--dns", "none", "--domain", "apps.example.com"];
  const TLS = [...RECORDS, "--tls", "self-signed"];
  const mode = { tls: { mode: "SIMPLE", credentialName: "all" } };

  it("with port 443 for every name is named, since it is older and ours would be dropped", async () => {
    const { run, add } = await withIstio(...shapeObjects("helm"));
    // Other pods, and other names, are in nobody's way.
    await add(gateway("elsewhere", { istio: "egress" }, { hosts: ["*"], ...mode }));
    await add(gateway("some", { istio: "ingress" }, { hosts: ["*.web.example.com"], ...mode }));
    expect((await run("plan", ...TLS)).code).toBe(0);
    await add(gateway("all", { istio: "ingress" }, { hosts: ["web/*"], ...mode }));
    expectRefused(
      await run("install", "--yes", ...TLS),
      "Gateway default/all has port 443 of the same pods for every name as well; Gateway default/all is older, and Istio drops the server of Gateway knative-serving/knative-ingress-gateway",
      "IST0145",
    );
    // Without a certificate nothing of ours is at 443.
    expect((await run("plan", ...RECORDS, "--tls", "none")).code).toBe(0);
  });

  it("with a certificate by its name and by files is refused, as Istio itself does from 1.27 on", async () => {
    const { run, add } = await withIstio(
      ...shapeObjects("istioctl").filter(({ kind }) => kind !== "ValidatingWebhookConfiguration"),
    );
    const files = {
      serverCertificate: "/etc/istio/ingressgateway-certs/tls.crt",
      privateKey: "/etc/istio/ingressgateway-certs/tls.key",
    };
    await add(
      gateway("two", { istio: "ingressgateway" }, { hosts: ["a.example.com"], tls: { ...mode.tls, ...files } }),
    );
    expectRefused(
      await run("install", "--yes", ...TLS),
      "Gateway default/two has a server with credentialName and the files",
    );
  });

  it("whose account may not read Secrets is said before, with what lets it", async () => {
    const objects = shapeObjects("helm").filter(
      ({ kind, metadata }) => kind !== "RoleBinding" || metadata.namespace !== "istio-ingress",
    );
    const { run } = await withIstio(...objects);
    const { code, text } = await run("plan", ...TLS);
    expect(code, text).toBe(0);
    expect(text).toContain("No Role lets ServiceAccount istio-ingress/istio-ingress list Secrets in its namespace");
    expect(text).toContain("--serviceaccount istio-ingress:istio-ingress");
  });
});
