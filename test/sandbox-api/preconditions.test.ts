import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api, ApiResponse, Obj } from "../../src/sandbox/types.ts";
import { applyTo, CONFIG_MAPS, configMap, ref } from "./config-maps.ts";

let api: Api;
beforeEach(async () => {
  api = await createApi({});
});
afterEach(() => api.close());

/** As kube-apiserver 1.36.3 answered. */
describe("preconditions of a write", () => {
  const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  const lease = (metadata: Partial<Obj["metadata"]>): Obj => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "lock", namespace: "default", ...metadata },
    spec: { holderIdentity: "a", leaseDurationSeconds: 15 },
  });
  const place = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: "default", name: "lock" };
  const replace = (object: Obj): Promise<ApiResponse> =>
    api.request({ method: "PUT", path: `${LEASES}/lock`, body: object });
  const failed = (uid: string, found: string): object => ({
    status: 409,
    body: {
      reason: "Conflict",
      details: { name: "lock", group: "coordination.k8s.io", kind: "leases" },
      message: `Operation cannot be fulfilled on leases.coordination.k8s.io "lock": StorageError: invalid object, Code: 4, Key: /registry/leases/default/lock, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`,
    },
  });

  test("a replace with the uid of a Lease that is gone does not bring it back", async () => {
    const ours = await api.create("a", lease({}));
    await api.remove(place);
    expect(await replace(ours)).toMatchObject(failed(ours.metadata.uid ?? "", ""));
    expect(api.get(place)).toBeUndefined();
  });

  test("nor does it write to another one of the same name, with whatever version", async () => {
    const ours = await api.create("a", lease({}));
    await api.remove(place);
    const theirs = await api.create("b", lease({}));
    const expected = failed(ours.metadata.uid ?? "", theirs.metadata.uid ?? "");
    expect(await replace(ours)).toMatchObject(expected);
    const { resourceVersion = "" } = theirs.metadata;
    expect(await replace(lease({ ...ours.metadata, resourceVersion }))).toMatchObject(expected);
  });

  test("without a uid, a replace of an absent Lease makes one, with whatever version", async () => {
    expect(await replace(lease({ resourceVersion: "1" }))).toMatchObject({ status: 201 });
  });

  test("of other kinds what is absent is not found, and what is another is a conflict", async () => {
    const put = (object: Obj): Promise<ApiResponse> =>
      api.request({ method: "PUT", path: `${CONFIG_MAPS}/${object.metadata.name}`, body: object });
    const uid = "00000000-0000-0000-0000-000000000000";
    const sent = configMap("a", {});
    expect(await put({ ...sent, metadata: { ...sent.metadata, uid } })).toMatchObject({ status: 404 });
    await api.create("b", sent);
    expect(await put({ ...sent, metadata: { ...sent.metadata, uid } })).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining(`Key: /registry/configmaps/default/a,`) },
    });
  });

  test("an apply with a uid does not make the object anew", async () => {
    const uid = "00000000-0000-0000-0000-000000000000";
    const sent = configMap("a", { k: "1" });
    expect(await applyTo(api)({ ...sent, metadata: { ...sent.metadata, uid } }, "installer")).toMatchObject({
      status: 409,
      body: {
        reason: "Conflict",
        message: `Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
      },
    });
    expect(api.get(ref("a"))).toBeUndefined();
  });
});
