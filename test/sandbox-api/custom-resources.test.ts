/** CustomResourceDefinitions with what the recordings do not have: several versions and the scale subresource. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api, Obj } from "../../src/sandbox/types.ts";

let api: Api;
beforeEach(async () => {
  api = await createApi({});
});
afterEach(() => api.close());

const schema = {
  openAPIV3Schema: {
    type: "object",
    properties: {
      spec: { type: "object", properties: { replicas: { type: "integer" } } },
      status: { type: "object", properties: { replicas: { type: "integer" }, selector: { type: "string" } } },
    },
  },
};
const scale = {
  specReplicasPath: ".spec.replicas",
  statusReplicasPath: ".status.replicas",
  labelSelectorPath: ".status.selector",
};
const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema,
  subresources: { status: {}, scale },
});
const definition: Obj = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "things", singular: "thing", kind: "Thing" },
    versions: [version("v1", true), version("v1beta1", false)],
  },
};
const THINGS = "/apis/example.com/v1/namespaces/default/things";
const thing = (apiVersion: string): Obj => ({
  apiVersion,
  kind: "Thing",
  metadata: { name: "one", namespace: "default" },
  spec: { replicas: 1 },
});

async function define(): Promise<void> {
  await api.create("m", definition);
  await expect.poll(() => api.request({ method: "GET", path: THINGS })).toMatchObject({ status: 200 });
}

test("one object is read in every served version", async () => {
  await define();
  await api.create("m", thing("example.com/v1beta1"));
  const { body } = await api.request({ method: "GET", path: `${THINGS}/one` });
  expect(body).toMatchObject({ apiVersion: "example.com/v1", spec: { replicas: 1 } });
  expect(api.list("example.com/v1beta1", "Thing")).toMatchObject([{ apiVersion: "example.com/v1beta1" }]);
  const group = await api.request({ method: "GET", path: "/apis/example.com" });
  expect(group.body).toMatchObject({ preferredVersion: { version: "v1" } });
});

test("the scale subresource reads and writes where the definition says", async () => {
  await define();
  await api.create("m", thing("example.com/v1"));
  const one = { apiVersion: "example.com/v1", kind: "Thing", namespace: "default", name: "one" };
  const report = (draft: Obj): void => {
    draft.status = { replicas: 1, selector: "app=x" };
  };
  const grow = (draft: Obj): void => {
    draft.spec.replicas = 5;
  };
  await api.update("m", one, report, { subresource: "status" });
  const scaled = await api.update("m", one, grow, { subresource: "scale" });
  expect(scaled).toMatchObject({ kind: "Scale", spec: { replicas: 5 }, status: { replicas: 1, selector: "app=x" } });
  expect(api.get(one)).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 5 } });
});

test("a definition waits for its instances, which wait for their finalizers", async () => {
  await define();
  await api.create("m", {
    ...thing("example.com/v1"),
    metadata: { name: "one", namespace: "default", finalizers: ["example.com/hold"] },
  });
  const ref = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "things.example.com" };
  await api.remove(ref);
  const one = { apiVersion: "example.com/v1", kind: "Thing", namespace: "default", name: "one" };
  await expect.poll(() => api.get(one)?.metadata.deletionTimestamp).toBeDefined();
  expect(api.get(ref)).toBeDefined();
  await api.update("m", one, (draft) => void delete draft.metadata.finalizers);
  await expect.poll(() => api.get(ref)).toBeUndefined();
  expect((await api.request({ method: "GET", path: THINGS })).status).toBe(404);
});

test("a definition goes although a webhook on its instances is down", async () => {
  await define();
  await api.create("m", thing("example.com/v1"));
  await api.create("m", {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "guards" },
    webhooks: [
      {
        name: "guard.example.com",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        clientConfig: { service: { namespace: "default", name: "guard" } },
        rules: [{ apiGroups: ["example.com"], apiVersions: ["*"], operations: ["DELETE"], resources: ["things"] }],
      },
    ],
  });
  const ref = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "things.example.com" };
  await api.remove(ref);
  await expect.poll(() => api.get(ref)).toBeUndefined();
});
