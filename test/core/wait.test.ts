import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Cluster, loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { type Check, fail, ok, type ReadContext } from "../../src/core/check.ts";
import { createWatchCache, type WatchCache } from "../../src/kube/watch-cache.ts";
import { type UntilOptions, until } from "../../src/kube/watching.ts";
import { at, type KubeObject, type ObjectRef } from "../../src/ports/object.ts";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api, ApiRequest } from "../../src/sandbox/types.ts";
import { patient } from "../patience.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const NAMESPACE = "default";
const REMEDY = { text: "Wait." };

let api: Api;
let lag = 0;
/** What was asked for: `list configmaps`, `watch secrets metadata.name=a`. */
let asked: string[] = [];
let cluster: Cluster;
let lister: Cluster;

const note = ({ method, path, query = {} }: ApiRequest): undefined => {
  const [, plural = "", name] = /\/namespaces\/default\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  const verb = query.watch ? "watch" : name ? "get" : "list";
  if (method === "GET" && plural) asked.push([verb, plural, name ?? query.fieldSelector].filter(Boolean).join(" "));
};

const open = async (as = ""): Promise<Cluster> => {
  const file = join(mkdtempSync(join(tmpdir(), "wait-")), "kubeconfig");
  const ca = Buffer.from(api.ca).toString("base64");
  const user = JSON.stringify({ token: api.token, ...(as ? { as } : {}) });
  const text = `current-context: c
clusters: [{name: c, cluster: {server: "${api.url}", certificate-authority-data: ${ca}}}]
users: [{name: u, user: ${user}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
`;
  writeFileSync(file, text, { mode: 0o600 });
  return openCluster(await loadKubeconfig({ path: file, env: {} }));
};

beforeAll(async () => {
  api = await createApi({ onRequest: note, lag: () => lag });
  [cluster, lister] = await Promise.all([open(), open("lister")]);
  await api.create("test", {
    apiVersion: RBAC,
    kind: "ClusterRole",
    metadata: { name: "lister" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
  });
  await api.create("test", {
    apiVersion: RBAC,
    kind: "ClusterRoleBinding",
    metadata: { name: "lister" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "lister" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "lister" }],
  });
});
afterAll(async () => {
  cluster.close();
  lister.close();
  await api.close();
});
beforeEach(async () => {
  lag = 0;
  for (const kind of ["ConfigMap", "Secret"])
    for (const { metadata } of api.list("v1", kind, NAMESPACE))
      await api.remove({ apiVersion: "v1", kind, namespace: NAMESPACE, name: metadata.name });
  asked = [];
});

const ref = (name: string, kind = "ConfigMap"): ObjectRef => ({ apiVersion: "v1", kind, namespace: NAMESPACE, name });
const object = (name: string, value: string, kind = "ConfigMap"): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { namespace: NAMESPACE, name },
  [kind === "Secret" ? "stringData" : "data"]: { value },
});
const write = (name: string, value: string, kind?: string) =>
  cluster.apply(object(name, value, kind), { manager: "test" });
const valueIn = (live: KubeObject | undefined): unknown => at(live, "data", "value");

const check = (run: Check["run"]): Check => ({ id: "test.check", title: "It is there", run });
/** Every ConfigMap has come to this value. */
const all = (wanted: string, looks = { count: 0 }): Check =>
  check(async (ctx) => {
    looks.count += 1;
    const live = await ctx.cluster.list({ apiVersion: "v1", kind: "ConfigMap", namespace: NAMESPACE });
    const values = live.filter(({ metadata }) => metadata.name !== "kube-root-ca.crt").map(valueIn);
    return values.every((value) => value === wanted) ? ok(values.join(", ")) : fail(values.join(", "), REMEDY);
  });

const contextOf = (given: Cluster): ReadContext => ({
  cluster: given,
  probe: () => Promise.reject(new Error("nothing is probed")),
  now: () => new Date(),
  signal: new AbortController().signal,
});
const wait = (one: Check, options: Partial<UntilOptions> = {}, given = cluster) =>
  until(one, contextOf(given), { timeoutMs: 10_000, onReason: () => {}, ...options });
const together = async (use: (cache: WatchCache) => Promise<void>, given = cluster): Promise<void> => {
  const ended = new AbortController();
  await use(createWatchCache(given, ended.signal)).finally(() => ended.abort());
};
const watched = (what: string): Promise<void> => expect.poll(() => asked.includes(`watch ${what}`)).toBe(true);

describe("a wait", () => {
  /** A look that ends with its signal alone. */
  const endless = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

  it("ends with its time though a look goes on, by what the look before it said", async () => {
    let looks = 0;
    const slow = check(({ signal }) => (looks++ === 0 ? Promise.resolve(fail("not yet", REMEDY)) : endless(signal)));
    expect(await wait({ ...slow, pollMs: 1 }, { timeoutMs: 50, lastLookMs: 20 })).toEqual(fail("not yet", REMEDY));
  });

  it("tells what a look that takes long has to say before it ends", async () => {
    const reasons: string[] = [];
    const told = Promise.withResolvers<void>();
    const slow = check(async ({ onSlow }) => {
      onSlow?.("the second server has not answered yet", REMEDY);
      await told.promise;
      return ok("there");
    });
    const onReason = (reason: string): void => {
      reasons.push(reason);
      told.resolve();
    };
    expect(await wait(slow, { onReason })).toEqual(ok("there"));
    expect(reasons).toEqual(["the second server has not answered yet"]);
  });

  it("does not say that something failed which it had no time to see", async () => {
    const finding = await wait(
      check(({ signal }) => endless(signal)),
      { timeoutMs: 10, lastLookMs: 10 },
    );
    expect(finding).toMatchObject({ status: "unknown", summary: "no time was left to see whether: It is there" });
  });

  it("asks for what it looks at once, however often that changes", async () => {
    await write("a", "0");
    const looks = { count: 0 };
    const waiting = wait(all("20", looks));
    await watched("configmaps");
    for (let value = 1; value <= 20; value++) {
      const before = looks.count;
      await write("a", String(value));
      await expect.poll(() => looks.count).toBeGreaterThan(before);
    }
    expect(await waiting).toEqual(ok("20"));
    expect(asked).toEqual(["list configmaps", "watch configmaps"]);
  });

  it("shares a collection with others that wait, also with those that come later", async () => {
    await write("a", "0");
    await together(async (cache) => {
      const first = [all("1"), all("1")].map((one) => wait(one, { cache }));
      await watched("configmaps");
      await write("a", "1");
      await Promise.all(first);
      expect(asked.filter((one) => one.startsWith("watch"))).toEqual(["watch configmaps"]);
      asked = [];
      const second = wait(all("2"), { cache });
      await write("a", "2");
      expect(await second).toEqual(ok("2"));
      expect(asked).toEqual([]);
    });
  });

  it("follows several objects of a kind together, but Secrets each by its name", async () => {
    const names = ["a", "b", "c", "d"];
    for (const name of names) await write(name, "0").then(() => write(name, "0", "Secret"));
    const gone = (kind: string): Check =>
      check(async (ctx) => {
        const left = await Promise.all(names.map((name) => ctx.cluster.get(ref(name, kind))));
        return left.some((one) => one) ? fail("some are left", REMEDY) : ok("gone");
      });
    const waiting = Promise.all([wait(gone("ConfigMap")), wait(gone("Secret"))]);
    await Promise.all([watched("configmaps"), ...names.map((name) => watched(`secrets metadata.name=${name}`))]);
    for (const name of names) await Promise.all([api.remove(ref(name)), api.remove(ref(name, "Secret"))]);
    await waiting;
    expect(asked.filter((one) => one.includes("configmaps") && !one.startsWith("get"))).toEqual([
      "list configmaps",
      "watch configmaps",
    ]);
    expect(asked).not.toContain("list secrets");
  });

  it("looks every second where it may not watch", async () => {
    await write("a", "0");
    const waiting = wait(all("1"), {}, lister);
    await watched("configmaps");
    await write("a", "1");
    expect(await waiting).toEqual(ok("1"));
    expect(asked.filter((one) => one === "list configmaps").length).toBeGreaterThan(1);
  });

  it("asks itself when a watch tells nothing for long, as behind a proxy that keeps it back", async () => {
    await write("a", "0");
    const waiting = wait(all("1"), { silentMs: 100 });
    await watched("configmaps");
    lag = 60_000;
    await write("a", "1");
    expect(await waiting).toEqual(ok("1"));
  });
});

describe("what was written just now", () => {
  it("is never judged by what was there before, however late the watch is", async () => {
    await write("a", "0");
    await together(async (cache) => {
      const first = wait(all("1"), { cache });
      await watched("configmaps");
      await write("a", "1");
      await first;
      lag = 300;
      await cache.noting(cluster).apply(object("a", "2"), { manager: "test" });
      const reasons: string[] = [];
      const second = wait(all("1"), { cache, timeoutMs: 1_000, onReason: (reason) => reasons.push(reason) });
      expect(await second).toMatchObject({ status: "fail", summary: "2" });
      expect(reasons).toEqual(["2"]);
      // The watch has told it by now.
      await expect.poll(() => cache.list({ apiVersion: "v1", kind: "ConfigMap", namespace: NAMESPACE })).toBeDefined();
      asked = [];
      expect(await wait(all("2"), { cache })).toEqual(ok("2"));
      expect(asked).toEqual([]);
    });
  });

  it("does not keep a watch from being believed when somebody deletes it", async () => {
    await together(async (cache) => {
      const here = check(async (ctx) => ((await ctx.cluster.get(ref("a"))) ? fail("there", REMEDY) : ok("gone")));
      await cache.noting(cluster).apply(object("a", "0"), { manager: "test" });
      const waiting = wait(here, { cache });
      await watched("configmaps metadata.name=a");
      await api.remove(ref("a"));
      expect(await waiting).toEqual(ok("gone"));
    });
  });
});

describe("a watch that has to begin anew", () => {
  it("goes on where a list was, and tells what has happened since", async () => {
    await write("a", "0");
    const query = { apiVersion: "v1", kind: "ConfigMap", namespace: NAMESPACE };
    const seen = await cluster.list(query);
    await write("b", "1");
    await api.remove(ref("a"));
    asked = [];
    const told: string[] = [];
    for await (const event of cluster.watch(query, AbortSignal.timeout(patient(5_000)), seen)) {
      told.push(event.type === "SYNCED" ? event.type : `${event.type} ${event.object.metadata.name}`);
      if (told.length === 3) break;
    }
    expect(told).toEqual(["SYNCED", "ADDED b", "DELETED a"]);
    expect(asked).toEqual(["watch configmaps"]);
  });
});
