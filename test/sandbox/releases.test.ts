import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readyEndpoints } from "../../src/sandbox/kubernetes/endpoint-slices.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import {
  apply,
  ask,
  config,
  hasReleases,
  hello,
  isAvailable,
  knative,
  merge,
  pathOf,
  release,
  until,
  untilRefused,
} from "./install.ts";
import { isFilledIn, set } from "./small-install.ts";

const NETWORKING = "networking.internal.knative.dev/v1alpha1";
const isDefinition = ({ kind }: Obj): boolean => kind === "CustomResourceDefinition";
const isCertificate = ({ kind }: Obj): boolean => kind === "Certificate";

const installRelease = async (world: World, serving: string, kourier: string): Promise<void> => {
  const core = release(`serving/${serving}/serving-core.yaml`);
  const definitions = release(`serving/${serving}/serving-crds.yaml`).filter(isDefinition);
  await apply(world, ...definitions);
  await until(world, "the CRDs established", () =>
    definitions.every(({ apiVersion, kind, metadata }) =>
      isTrue(world.api.get({ apiVersion, kind, name: metadata.name }), "Established"),
    ),
  );
  await apply(world, ...core.filter((object) => !isDefinition(object) && !isCertificate(object)));
  // Filled in is not enough: its Service may not have an endpoint yet.
  const endpoints = () => readyEndpoints(world.api, "knative-serving", "webhook");
  await until(world, "the webhooks answering", () => isFilledIn(world) && endpoints().length > 0);
  await apply(world, ...core.filter(isCertificate), ...release(`net-kourier/${kourier}/kourier.yaml`));
  await until(world, "every Deployment available", () => {
    const deployments = world.api.list("apps/v1", "Deployment");
    return deployments.length === 6 && isAvailable(world, ...deployments.map(refOfDeployment));
  });
};

const refOfDeployment = ({ metadata }: Obj) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: metadata.namespace ?? "",
  name: metadata.name,
});

const VERSIONS = [
  { serving: "1.23.0", kourier: "1.23.0" },
  { serving: "1.22.1", kourier: "1.22.1" },
  { serving: "1.14.2", kourier: "1.14.0" },
];

describe.skipIf(!hasReleases).each(VERSIONS)("the releases of Serving $serving and Kourier $kourier", (version) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    await installRelease(world, version.serving, version.kourier);
  });
  afterAll(() => world.close());

  it("leaves field ownership as real controllers leave it", () => {
    const recorded = JSON.parse(readFileSync("../shared/conformance/after-controllers-conflicts.json", "utf8"));
    const expected: Obj[] = recorded.serverSideThenServerSide.fieldsOwnedByOthers;
    expect(expected.length).toBeGreaterThan(15);
    // One row stands for all CRDs; the API has its own tests for these.
    const rows = (expected as unknown as Expected[]).filter(({ kind }) => kind !== "CustomResourceDefinition");
    for (const { apiVersion, kind, namespace, name, otherManagers } of rows) {
      const object = world.api.get({ apiVersion, kind, name, ...(namespace ? { namespace } : {}) });
      const others = (object?.metadata.managedFields ?? []).filter(({ manager }) => manager !== "kn-bootstrap");
      const told = others.map(({ manager, operation, subresource }) => ({ manager, operation, subresource }));
      const wanted = otherManagers.map(({ manager, operation, subresource }) => ({ manager, operation, subresource }));
      expect(told, `${kind} ${name}`).toEqual(wanted);
    }
  });

  it("conflicts a second apply without force only where the real one does", async () => {
    const conflicts: string[] = [];
    const objects = [
      ...release(`serving/${version.serving}/serving-core.yaml`),
      ...release(`net-kourier/${version.kourier}/kourier.yaml`),
    ];
    for (const { apiVersion, kind, metadata, ...fields } of objects) {
      const { namespace, name } = metadata;
      const { status, body } = await world.api.request({
        method: "PATCH",
        path: pathOf({ apiVersion, kind, name, ...(namespace ? { namespace } : {}) }),
        query: { fieldManager: "kn-bootstrap" },
        headers: { "content-type": "application/apply-patch+yaml" },
        body: { apiVersion, kind, metadata, ...fields },
      });
      if (status !== 200) conflicts.push(`${status} ${(body as Obj).message}`);
    }
    expect(conflicts.sort()).toEqual([
      expect.stringContaining(
        'conflict with "webhook" using admissionregistration.k8s.io/v1: .webhooks[name="validation.webhook.serving.knative.dev"].rules',
      ),
      expect.stringContaining(
        'conflict with "webhook" using admissionregistration.k8s.io/v1: .webhooks[name="webhook.serving.knative.dev"].rules',
      ),
    ]);
  });

  it("serves a Knative Service once class and domain are set", async () => {
    await set(world, "config-network", { "ingress-class": "kourier.ingress.networking.knative.dev" });
    await set(world, "config-domain", { "example.com": "" });
    await apply(world, hello());
    await until(world, "hello Ready", () => isTrue(world.api.get(knative("Service", "hello")), "Ready"));
    expect(world.api.get(knative("Service", "hello"))?.status.url).toBe("http://hello.default.example.com");
    expect(await ask(world, 80, "hello.default.example.com")).toMatchObject({
      status: 200,
      body: "Hello rehearsal!\n",
    });
  });

  it("refuses an edit of _example", async () => {
    const example = `${world.api.get(config("config-network"))?.data._example}\nedited`;
    expect(await merge(world, config("config-network"), { data: { _example: example } })).toMatchObject({
      status: 400,
      message: expect.stringContaining('the update modifies a key in "_example" which is probably not what you want'),
    });
  });

  it("runs the post-install Jobs", async () => {
    const wanted = release(`serving/${version.serving}/serving-post-install-jobs.yaml`);
    for (const job of wanted) {
      const { status } = await world.api.request({
        method: "POST",
        path: "/apis/batch/v1/namespaces/knative-serving/jobs",
        body: job,
      });
      expect(status).toBe(201);
    }
    await until(world, "the Jobs complete", () => {
      const jobs = world.api.list("batch/v1", "Job", "knative-serving");
      return jobs.length === wanted.length && jobs.every((job) => isTrue(job, "Complete"));
    });
  });

  it("takes everything away with the namespaces, in the safe order", async () => {
    await world.api.remove(knative("Service", "hello"));
    const ingresses = () => world.api.list(NETWORKING, "Ingress");
    await until(world, "the kingress gone", () => ingresses().length === 0);
    // The validating webhook is asked about deletions too, and dies with its namespace: instances go first.
    await world.api.remove({
      ...knative("Certificate", "routing-serving-certs", "knative-serving"),
      apiVersion: NETWORKING,
    });
    for (const name of ["kourier-system", "knative-serving"]) {
      await world.api.remove({ apiVersion: "v1", kind: "Namespace", name });
    }
    const left = () => world.api.list("v1", "Namespace").filter(({ metadata }) => /^kn|^kourier/.test(metadata.name));
    await until(world, "the namespaces gone", () => left().length === 0);
    const kind = "ValidatingWebhookConfiguration";
    await until(
      world,
      "the webhook configurations gone with their owner",
      () => world.api.list("admissionregistration.k8s.io/v1", kind).length === 0,
    );
    await untilRefused(world, 80);
  });
});

interface Expected {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly otherManagers: readonly { manager: string; operation: string; subresource?: string }[];
}
