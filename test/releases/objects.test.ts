import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mergeManifests, parseManifest } from "../../src/releases/objects.ts";
import { upstream } from "./upstream.ts";

const configMap = (name: string, extra = ""): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${extra}`;

describe("parseManifest", () => {
  it("expands lists at any depth and keeps the order", () => {
    const text = `${configMap("a")}---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: b}}
- apiVersion: v1
  kind: ConfigMapList
  items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}]
---
${configMap("d")}`;
    expect(parseManifest(text, "x.yaml").map((object) => object.metadata.name)).toEqual(["a", "b", "c", "d"]);
  });

  it("takes names that the server generates", () => {
    expect(parseManifest("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: j-}\n", "x.yaml")).toHaveLength(1);
  });

  it.each([
    [`${configMap("a")}---\nkind: Secret\nmetadata: {name: b}\n`, "x.yaml, line 5: an object without apiVersion"],
    [`${configMap("a")}---\napiVersion: v1\nmetadata: {name: b}\n`, "x.yaml, line 5: an object without kind"],
    ["apiVersion: v1\nkind: Secret\nmetadata: {}\n", "x.yaml, line 1: a Secret without metadata.name"],
    ["apiVersion: v1\nkind: Secret\nmetadata: {name: 7}\n", "x.yaml, line 1: a Secret without metadata.name"],
    ["apiVersion: v1\nkind: List\nitems: [7]\n", "x.yaml, line 1: a document that is no mapping"],
    [
      "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n",
      "x.yaml, line 1: a document that is no mapping",
    ],
    [configMap("a", "data: {a: '1\n"), /^x\.yaml, line \d+: /],
    [configMap("a", "data: {a: 1, a: 2}\n"), "x.yaml, line 4: duplicated mapping key"],
  ])("refuses %j", (text, what) => {
    expect(() => parseManifest(text, "x.yaml")).toThrow(
      expect.objectContaining({
        id: "release.malformed",
        kind: "input",
        message: typeof what === "string" ? what : expect.stringMatching(what),
      }),
    );
  });
});

describe("mergeManifests", () => {
  const file = (name: string, text: string) => ({ file: name, objects: parseManifest(text, name) });

  it("keeps an object of two files once, whatever the order of its fields", () => {
    const a = file("a.yaml", configMap("x", "data: {k: v, l: w}\n"));
    const b = file(
      "b.yaml",
      `kind: ConfigMap\ndata: {l: w, k: v}\nmetadata: {name: x}\napiVersion: v1\n---\n${configMap("z")}`,
    );
    expect(mergeManifests([a, b]).map((object) => object.metadata.name)).toEqual(["x", "z"]);
  });

  it("names both files when they contradict each other", () => {
    const a = file("a.yaml", configMap("x", "data: {k: v}\n"));
    const b = file("b.yaml", configMap("x", "data: {k: w}\n"));
    expect(() => mergeManifests([a, b])).toThrow(
      expect.objectContaining({
        id: "release.contradiction",
        kind: "input",
        message: "ConfigMap x is in a.yaml and in b.yaml, and they differ.",
      }),
    );
  });

  it("keeps all objects whose name the server generates", () => {
    const jobs = file("a.yaml", "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: j-}\n");
    expect(mergeManifests([jobs, jobs])).toHaveLength(2);
  });

  it.skipIf(!upstream).each(["1.14.2", "1.18.2", "1.23.0"])(
    "merges the CRDs that Serving %s repeats",
    async (version) => {
      const read = async (asset: string) =>
        file(asset, await readFile(join(upstream ?? "", "serving", version, asset), "utf8"));
      const crds = await read("serving-crds.yaml");
      const core = await read("serving-core.yaml");
      const merged = mergeManifests([crds, core]);
      expect(crds.objects).toHaveLength(12);
      expect(merged).toHaveLength(core.objects.length);
      expect(merged.filter((object) => object.kind === "CustomResourceDefinition")).toHaveLength(12);
    },
  );
});
