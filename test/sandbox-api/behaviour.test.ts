/** What the project relies on in the embedded API, also where no recordings are at hand. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api, ApiOptions, ApiResponse, ChangeEvent, Obj } from "../../src/sandbox/types.ts";
import { applyTo, CONFIG_MAPS, configMap, ref } from "./config-maps.ts";
import { send, watched } from "./wire.ts";

let api: Api;
beforeEach(async () => {
  api = await createApi({});
});
afterEach(() => api.close());

const apply = (...asked: Parameters<ReturnType<typeof applyTo>>) => applyTo(api)(...asked);
const versionOf = ({ body }: ApiResponse): string | undefined => (body as Obj).metadata.resourceVersion;
const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

test("a list is of nothing but metadata where that is asked for", async () => {
  await apply(configMap("m", { a: "1" }), "test");
  const list = async (accept: string) => {
    const { body } = await api.request({ method: "GET", path: CONFIG_MAPS, headers: { accept } });
    return (typeof body === "string" ? JSON.parse(body) : body) as Obj;
  };
  const partial = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
  const whole = await list("application/json");
  const mine = ({ items }: Obj) => items.find(({ metadata }: Obj) => metadata.name === "m");
  expect(await list(`${partial},application/json`)).toMatchObject({
    apiVersion: "meta.k8s.io/v1",
    kind: "PartialObjectMetadataList",
    metadata: whole.metadata,
  });
  expect(mine(await list(partial))).toEqual({
    apiVersion: "meta.k8s.io/v1",
    kind: "PartialObjectMetadata",
    metadata: mine(whole).metadata,
  });
});

describe("SelfSubjectReview", () => {
  const who = async (name?: string) => {
    const { status, body } = await api.request({
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      headers: name === undefined ? {} : { "impersonate-user": name },
      body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview", metadata: {} },
    });
    expect(status).toBe(201);
    return body as Obj;
  };

  test("answers with who asks, and nothing else (pkg/registry/authentication/selfsubjectreview)", async () => {
    expect(await who("jane")).toEqual({
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
      metadata: { creationTimestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
      status: { userInfo: { username: "jane", groups: ["system:authenticated"] } },
    });
  });

  test("knows the groups of a ServiceAccount", async () => {
    expect((await who("system:serviceaccount:ci:installer")).status.userInfo.groups).toEqual([
      "system:serviceaccounts",
      "system:serviceaccounts:ci",
      "system:authenticated",
    ]);
  });
});

describe("server-side apply", () => {
  test("creates, then changes nothing", async () => {
    const first = await apply(configMap("a", { k: "1" }), "installer");
    const second = await apply(configMap("a", { k: "1" }), "installer");
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(versionOf(second)).toBe(versionOf(first));
  });

  test("names the owner of a field it may not change, and takes it when forced", async () => {
    await apply(configMap("a", { k: "1" }), "installer");
    const refused = await apply(configMap("a", { k: "2" }), "other");
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      reason: "Conflict",
      message: 'Apply failed with 1 conflict: conflict with "installer": .data.k',
      details: { causes: [{ reason: "FieldManagerConflict", message: 'conflict with "installer"', field: ".data.k" }] },
    });
    const forced = await apply(configMap("a", { k: "2" }), "other", { force: "true" });
    expect((forced.body as Obj).data).toEqual({ k: "2" });
  });

  test("removes what its manager leaves out and nobody else owns", async () => {
    await apply(configMap("a", { mine: "1", shared: "1" }), "installer");
    await apply(configMap("a", { shared: "1" }), "other");
    const { body } = await apply(configMap("a", {}), "installer");
    expect((body as Obj).data).toEqual({ shared: "1" });
  });

  test("dry run answers like the real thing and stores nothing", async () => {
    const { status, body } = await apply(configMap("a", { k: "1" }), "installer", { dryRun: "All" });
    expect(status).toBe(201);
    expect((body as Obj).data).toEqual({ k: "1" });
    expect(api.get(ref("a"))).toBeUndefined();
  });

  test("takes a cluster-scoped object whose manifest names a namespace", async () => {
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "r", namespace: "default" },
      rules: [],
    };
    const once = () =>
      api.request({
        method: "PATCH",
        path: "/apis/rbac.authorization.k8s.io/v1/clusterroles/r",
        query: { fieldManager: "m" },
        headers: { "content-type": "application/apply-patch+yaml" },
        body: role,
      });
    expect([(await once()).status, (await once()).status]).toEqual([201, 200]);
  });

  test("takes YAML", async () => {
    const answer = await send(api, `${CONFIG_MAPS}/y?fieldManager=m`, {
      method: "PATCH",
      headers: { "content-type": "application/apply-patch+yaml" },
      body: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  k: 'yes'\n",
    });
    expect(answer.status).toBe(201);
    expect(api.get(ref("y"))?.data).toEqual({ k: "yes" });
  });
});

describe("watch", () => {
  test("resumes from a resourceVersion", async () => {
    const created = await api.create("m", configMap("a", { k: "1" }));
    await api.update("m", ref("a"), (draft) => {
      draft.data = { k: "2" };
    });
    await api.remove(ref("a"));
    const resourceVersion = created.metadata.resourceVersion ?? "";
    const events = await watched(api, CONFIG_MAPS, { resourceVersion });
    expect(events.map(({ type, object }) => [type, object.data])).toEqual([
      ["MODIFIED", { k: "2" }],
      ["DELETED", { k: "2" }],
    ]);
  });

  test("answers 410 in an event when its start is forgotten", async () => {
    const events = await watched(api, CONFIG_MAPS, { resourceVersion: "1" });
    expect(events).toMatchObject([{ type: "ERROR", object: { code: 410, reason: "Expired" } }]);
  });

  test("shows a write once, though it was in flight when the watch began", async () => {
    const watching = watched(api, CONFIG_MAPS, { labelSelector: "live" });
    for (let n = 0; n < 20; n++) {
      await api.create("m", {
        ...configMap(`n${n}`, {}),
        metadata: { name: `n${n}`, namespace: "default", labels: { live: "" } },
      });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const names = (await watching).map(({ object }) => (object as unknown as Obj).metadata.name);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
    expect(names).toHaveLength(20);
  });
});

describe("deletion", () => {
  test("waits for finalizers, then happens", async () => {
    const held = configMap("a", {});
    held.metadata.finalizers = ["example.com/hold"];
    await api.create("m", held);
    await api.remove(ref("a"));
    expect(api.get(ref("a"))?.metadata.deletionTimestamp).toBeDefined();
    await api.update("m", ref("a"), (draft) => {
      delete draft.metadata.finalizers;
    });
    expect(api.get(ref("a"))).toBeUndefined();
  });

  test("takes dependents along, or leaves them alone", async () => {
    const owner = await api.create("m", configMap("owner", {}));
    const dependent = (name: string, uid: string | undefined): Obj => ({
      ...configMap(name, {}),
      metadata: {
        name,
        namespace: "default",
        ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: uid ?? "" }],
      },
    });
    await api.create("m", dependent("child", owner.metadata.uid));
    await api.remove(ref("owner"));
    await expect.poll(() => api.get(ref("child"))).toBeUndefined();

    const next = await api.create("m", configMap("owner", {}));
    await api.create("m", dependent("child", next.metadata.uid));
    await api.remove(ref("owner"), { propagationPolicy: "Orphan" });
    await expect.poll(() => api.get(ref("owner"))).toBeUndefined();
    expect(api.get(ref("child"))?.metadata.ownerReferences).toBeUndefined();
  });

  test("of a namespace goes on past what a webhook holds, and says so", async () => {
    await api.create("m", { apiVersion: "v1", kind: "Namespace", metadata: { name: "going" } });
    for (const name of ["guarded", "free"])
      await api.create("m", { ...configMap(name, {}), metadata: { name, namespace: "going", labels: { name } } });
    await api.create(
      "m",
      webhooks("ValidatingWebhookConfiguration", {
        operations: ["DELETE"],
        objectSelector: { matchLabels: { name: "guarded" } },
      }),
    );
    await api.remove({ apiVersion: "v1", kind: "Namespace", name: "going" });
    const conditions = () => api.get({ apiVersion: "v1", kind: "Namespace", name: "going" })?.status?.conditions ?? [];
    await expect.poll(conditions).toContainEqual(
      expect.objectContaining({
        type: "NamespaceDeletionContentFailure",
        status: "True",
        message: expect.stringContaining("guard.example.com"),
      }),
    );
    expect(api.get({ ...ref("free"), namespace: "going" })).toBeUndefined();
    await api.remove({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      name: "guards",
    });
    await expect.poll(() => api.get({ apiVersion: "v1", kind: "Namespace", name: "going" })).toBeUndefined();
  });
});

/** One webhook on ConfigMaps. */
function webhooks(kind: string, { operations = ["CREATE", "UPDATE"], ...more }: Record<string, unknown> = {}): Obj {
  const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations, resources: ["configmaps"] }];
  const clientConfig = { service: { namespace: "default", name: "guard", path: "/check" } };
  const webhook = {
    name: "guard.example.com",
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    clientConfig,
    rules,
    ...more,
  };
  return { apiVersion: "admissionregistration.k8s.io/v1", kind, metadata: { name: "guards" }, webhooks: [webhook] };
}

describe("admission webhooks", () => {
  const withWebhook = async (callWebhook: ApiOptions["callWebhook"], configuration: Obj): Promise<void> => {
    await api.close();
    api = await createApi({ ...(callWebhook ? { callWebhook } : {}) });
    await api.create("m", configuration);
  };
  const refusal = (promise: Promise<unknown>): Promise<{ code: number; message: string }> =>
    promise.then(
      () => ({ code: 0, message: "" }),
      (error) => error.status,
    );

  test("a denial keeps the webhook's code and words", async () => {
    await withWebhook(
      async () => ({ allowed: false, message: "no", code: 403 }),
      webhooks("ValidatingWebhookConfiguration"),
    );
    expect(await refusal(api.create("m", configMap("a", {})))).toMatchObject({
      code: 403,
      message: 'admission webhook "guard.example.com" denied the request: no',
    });
  });

  test("what a mutating webhook changes is stored", async () => {
    await withWebhook(async (target, { object }) => {
      expect(target).toMatchObject({
        webhook: "guard.example.com",
        service: { name: "guard", path: "/check", port: 443 },
      });
      return object
        ? { allowed: true, object: { ...object, data: { ...object.data, added: "1" } } }
        : { allowed: true };
    }, webhooks("MutatingWebhookConfiguration"));
    await api.create("m", configMap("a", { k: "1" }));
    expect(api.get(ref("a"))?.data).toEqual({ k: "1", added: "1" });
  });

  test("one that cannot be reached refuses or is passed over, as its policy says", async () => {
    const down = async () => {
      throw new Error('no endpoints available for service "guard"');
    };
    await withWebhook(down, webhooks("ValidatingWebhookConfiguration"));
    expect(await refusal(api.create("m", configMap("a", {})))).toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed calling webhook "guard.example.com": failed to call webhook: Post "https://guard.default.svc:443/check?timeout=10s": no endpoints available for service "guard"',
    });
    await withWebhook(down, webhooks("ValidatingWebhookConfiguration", { failurePolicy: "Ignore" }));
    expect(await refusal(api.create("m", configMap("a", {})))).toMatchObject({ code: 0 });
  });

  test("only what its selectors name is sent to it", async () => {
    let calls = 0;
    const count: ApiOptions["callWebhook"] = async () => {
      calls++;
      return { allowed: true };
    };
    const elsewhere = {
      matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["default"] }],
    };
    await withWebhook(count, webhooks("ValidatingWebhookConfiguration", { namespaceSelector: elsewhere }));
    await api.create("m", configMap("a", {}));
    await withWebhook(
      count,
      webhooks("ValidatingWebhookConfiguration", { objectSelector: { matchLabels: { app: "x" } } }),
    );
    await api.create("m", configMap("a", {}));
    expect(calls).toBe(0);
  });
});

describe("in this process", () => {
  test("an update is tried again when somebody else wrote meanwhile", async () => {
    await api.create("m", configMap("a", { n: "0" }));
    const increment = () =>
      api.update("m", ref("a"), (draft) => {
        draft.data.n = String(Number(draft.data.n) + 1);
      });
    await Promise.all([increment(), increment(), increment()]);
    expect(api.get(ref("a"))?.data).toEqual({ n: "3" });
  });

  test("an update that changes nothing writes nothing, one of nothing resolves undefined", async () => {
    const { metadata } = await api.create("m", configMap("a", {}));
    await api.update("m", ref("a"), () => undefined);
    expect(api.get(ref("a"))?.metadata.resourceVersion).toBe(metadata.resourceVersion);
    expect(await api.update("m", ref("absent"), () => undefined)).toBeUndefined();
  });

  test("changes are heard in order and after the write", async () => {
    const heard: string[] = [];
    const off = api.onChange(({ type, object }: ChangeEvent) => {
      if (object.metadata.name === "a") heard.push(`${type} ${object.data?.k}`);
      // A listener that writes is not called again before it returns.
      if (type === "ADDED" && object.metadata.name === "a")
        void api.update("m", ref("a"), (draft) => {
          draft.data.k = "2";
        });
    });
    await api.create("m", configMap("a", { k: "1" }));
    await moment();
    await api.remove(ref("a"));
    await moment();
    off();
    await api.create("m", configMap("a", { k: "3" }));
    expect(heard).toEqual(["ADDED 1", "MODIFIED 2", "DELETED 2"]);
  });
});

describe("quantities", () => {
  const pod = (resources: Obj["spec"]): Obj => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "default" },
    spec: { containers: [{ name: "a", image: "a", resources }] },
  });

  test("a quota has room for what its number says, in whatever notation it is stored", async () => {
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q", namespace: "default" } };
    await api.create("test", { ...quota, spec: { hard: { "count/configmaps": "3000m", "count/secrets": "2000" } } });
    expect(api.get({ ...quota, name: "q", namespace: "default" })?.spec.hard["count/secrets"]).toBe("2k");
    await api.create("test", { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "default" } });
    // kube-root-ca.crt is one of the three.
    await api.create("test", configMap("a", {}));
    await api.create("test", configMap("b", {}));
    await expect(api.create("test", configMap("c", {}))).rejects.toThrow(/exceeded quota: q/);
  });

  test("a pod whose limits equal its requests is Guaranteed, in whatever notation", async () => {
    const limits = { cpu: "1.500", memory: "1Gi" };
    const made = await api.create("test", pod({ limits, requests: { cpu: "1500m", memory: "1024Mi" } }));
    expect(made.status.qosClass).toBe("Guaranteed");
  });
});
