/**
 * Applies the released manifests twice, as recorded against kube-apiserver 1.36.2: status codes, what is a no-op, who owns
 * fields after the first pass. Then what happens to the same manifests after a client-side apply.
 */

import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api, ApiResponse, Obj } from "../../src/sandbox/types.ts";
import { hasShared, sharedPath } from "./shared.ts";

interface Recorded {
  readonly order: readonly string[];
  readonly objects: readonly {
    readonly file: string;
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string | null;
    readonly name: string;
    readonly first: number;
    readonly second: number;
    readonly secondIsNoop: boolean;
    readonly errorSecond?: { readonly message: string };
    readonly managersAfterFirst: readonly string[];
  }[];
}
interface Conflicts {
  readonly clientSideThenServerSide: {
    readonly conflicts: readonly {
      readonly kind: string;
      readonly namespace: string;
      readonly name: string;
      readonly message: string;
    }[];
  };
}

const MANIFESTS = "conformance/manifests-apply.json";
const CONFLICTS = "conformance/after-controllers-conflicts.json";
const present = hasShared(MANIFESTS);
const readJson = <T>(path: string): T => JSON.parse(readFileSync(sharedPath(path), "utf8")) as T;
const recorded = present ? readJson<Recorded>(MANIFESTS) : { order: [], objects: [] };
const objectsOf = (file: string): Obj[] =>
  (loadAll(readFileSync(sharedPath(`upstream/${file}`), "utf8")) as (Obj | undefined)[]).filter(
    (o) => o !== undefined && o !== null,
  ) as Obj[];

/** Where the object lives, from discovery. */
async function pathOf(api: Api, object: Obj): Promise<string> {
  const base = object.apiVersion.includes("/") ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  const { body } = await api.request({ method: "GET", path: base });
  const { resources } = body as { resources: { name: string; kind: string; namespaced: boolean }[] };
  const found = resources.find((resource) => resource.kind === object.kind && !resource.name.includes("/"));
  if (!found) throw new Error(`no resource for ${object.kind}`);
  const scope = found.namespaced ? `/namespaces/${object.metadata.namespace ?? "default"}` : "";
  return `${base}${scope}/${found.name}/${object.metadata.name}`;
}

async function apply(api: Api, object: Obj): Promise<ApiResponse> {
  return api.request({
    method: "PATCH",
    path: await pathOf(api, object),
    query: { fieldManager: "kn-bootstrap", force: "false" },
    headers: { "content-type": "application/apply-patch+yaml" },
    body: object,
  });
}

const entries = (object: Obj): string[] =>
  (object.metadata.managedFields ?? []).map(
    ({ manager, operation, subresource }) => `${manager}/${operation}${subresource ? `/${subresource}` : ""}`,
  );
/** Controllers of workloads are not part of the API. */
const withoutWorkloads = (managers: readonly string[]): string[] =>
  managers.filter((manager) => manager !== "kube-controller-manager/Update/status").sort();

describe.skipIf(!present)("the released manifests, applied twice", () => {
  let api: Api;
  beforeAll(async () => {
    api = await createApi({});
  });
  afterAll(() => api.close());

  test("answers, no-ops and owners are those of the real server", async () => {
    const all = recorded.order.flatMap((file) => objectsOf(file).map((object) => ({ file, object })));
    const owners = async (object: Obj): Promise<string[]> => {
      const { body } = await api.request({ method: "GET", path: await pathOf(api, object) });
      return withoutWorkloads(entries(body as Obj));
    };
    for (const file of recorded.order) {
      const theirs = recorded.objects.filter((o) => o.file === file);
      const statuses: number[] = [];
      for (const object of objectsOf(file)) statuses.push((await apply(api, object)).status);
      expect(statuses).toEqual(theirs.map((o) => o.first));
      // Roles are put together by a controller, which comes by later.
      await expect
        .poll(() => Promise.all(objectsOf(file).map(owners)))
        .toEqual(theirs.map((o) => withoutWorkloads(o.managersAfterFirst)));
    }

    const second: [string, number, boolean, string?][] = [];
    for (const { object } of all) {
      const path = await pathOf(api, object);
      const before = (await api.request({ method: "GET", path })).body as Obj;
      const { status, body } = await apply(api, object);
      const noop = status === 200 && (body as Obj).metadata.resourceVersion === before.metadata.resourceVersion;
      const name = `${object.kind} ${object.metadata.name}`;
      second.push(status === 200 ? [name, status, noop] : [name, status, noop, (body as { message: string }).message]);
    }
    expect(second).toEqual(
      recorded.objects.map((o) => {
        const row = [`${o.kind} ${o.name}`, o.second, o.secondIsNoop];
        return o.errorSecond ? [...row, o.errorSecond.message] : row;
      }),
    );
  });
});

describe.skipIf(!present)("the released manifests over a client-side apply", () => {
  test("conflict where the server normalised what was sent", async () => {
    const api = await createApi({});
    try {
      const recordedConflicts = readJson<Conflicts>(CONFLICTS).clientSideThenServerSide.conflicts.filter(
        (c) => c.kind === "Deployment",
      );
      expect(recordedConflicts.length).toBeGreaterThan(0);
      const found: unknown[] = [];
      for (const file of ["serving/1.23.0/serving-core.yaml", "net-kourier/1.23.0/kourier.yaml"])
        for (const object of objectsOf(file)) {
          if (object.kind !== "Deployment" && object.kind !== "Namespace") continue;
          const path = (await pathOf(api, object)).replace(/\/[^/]+$/, "");
          await api.request({
            method: "POST",
            path,
            query: { fieldManager: "kubectl-client-side-apply" },
            body: withLastApplied(object),
          });
          const { status, body } = await apply(api, object);
          if (status === 409)
            found.push({ name: object.metadata.name, message: (body as { message: string }).message });
        }
      expect(found).toEqual(recordedConflicts.map(({ name, message }) => ({ name, message })));
    } finally {
      await api.close();
    }
  });
});

const withLastApplied = (object: Obj): Obj => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: {
      ...object.metadata.annotations,
      "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify(object)}\n`,
    },
  },
});
