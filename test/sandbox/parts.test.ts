import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ids, ingressProvider } from "../../src/ingress/index.ts";
import { loadCatalog } from "../../src/releases/index.ts";
import type { Part } from "../../src/sandbox/part.ts";
import { PARTS } from "../../src/sandbox/parts.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { apply, ask, deployment, isAvailable, until } from "./install.ts";
import { workload } from "./small-install.ts";

const namespace = "example-system";

/** An ingress that shares nothing with Kourier: one Deployment that is gateway and webhook at once. */
const example: Part = {
  name: "example",
  standIns: {},
  play: () => ({
    programs: [{ deployment: `${namespace}/example` }],
    gateway: {
      runs: (pod) => pod.metadata.namespace === namespace,
      listensAt: (port) => (port === 8000 ? "http" : undefined),
      handle: ({ headers }, response) => response.end(`example for ${headers.host}`),
      certificateFor: () => undefined,
      onNews: () => {},
    },
    webhooks: [
      {
        service: `${namespace}/example`,
        isTrusted: () => true,
        answer: (_, { name }) => (name === "refused" ? { allowed: false, message: "not here" } : { allowed: true }),
      },
    ],
  }),
};

const install: readonly Obj[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  workload("example", namespace),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "example", namespace },
    spec: { type: "LoadBalancer", selector: { app: "example" }, ports: [{ port: 80, targetPort: 8000 }] },
  },
];

const guard: Obj = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "example" },
  webhooks: [
    {
      name: "example.example.com",
      clientConfig: { service: { namespace, name: "example", path: "/" } },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["secrets"], operations: ["CREATE"] }],
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      failurePolicy: "Fail",
    },
  ],
};

const isUp = (world: World): Promise<boolean> =>
  until(world, "example is up", () => isAvailable(world, deployment("example", namespace)));

const secret = (name: string): Obj => ({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace } });

describe("the parts", () => {
  it("are those of an installation, each once", async () => {
    expect(PARTS.map(({ name }) => name)).toEqual(["serving", "hpa", "kourier", "istio", "cert-manager", "logging"]);
    const standIns = PARTS.flatMap((part) => Object.keys(part.standIns));
    expect(new Set(standIns).size).toBe(standIns.length);
    const { minors, resolve } = await loadCatalog();
    const ingresses = ids.flatMap((id) => ingressProvider(id).assets.map(({ component }) => component));
    const asked = new Set(["serving", "cert-manager", ...ingresses]);
    for (const minor of minors)
      for (const component of Object.keys(resolve(minor).versions).filter((name) => asked.has(name)))
        expect(
          standIns.some((asset) => asset.startsWith(`${component}/`)),
          component,
        ).toBe(true);
  });
});

describe("a part that is one folder and one line", () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld({ parts: [...PARTS, example] });
  });
  afterEach(() => world.close());

  it("answers at the front as soon as it is installed, and not before", async () => {
    await expect(ask(world, 80, "hello.example.com")).rejects.toThrow("ECONNREFUSED");
    await apply(world, ...install);
    await isUp(world);
    await expect
      .poll(async () => (await ask(world, 80, "hello.example.com").catch(() => undefined))?.body)
      .toBe("example for hello.example.com");
  });

  it("is asked by the API server as a webhook of the kind that it is", async () => {
    await apply(world, ...install.slice(0, 1), guard);
    await expect(apply(world, secret("early"))).rejects.toThrow('service "example" not found');
    await apply(world, ...install.slice(1));
    await isUp(world);
    await apply(world, secret("allowed"));
    await expect(apply(world, secret("refused"))).rejects.toThrow("not here");
  });
});
