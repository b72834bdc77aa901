import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { at, type KubeObject, keyOf } from "../../src/ports/object.ts";
import { versionOf } from "../../src/releases/catalog.ts";
import { imagesOf, rewriteImages } from "../../src/releases/images.ts";
import { loadCatalog, openReleases } from "../../src/releases/index.ts";
import { mergeManifests, parseManifest } from "../../src/releases/objects.ts";
import { standIn, standInObjects } from "../../src/sandbox/stand-ins/index.ts";
import { exampleChecksum } from "../../src/sandbox/stand-ins/pieces.ts";
import { upstream } from "../releases/upstream.ts";

const ASSETS = [
  ["serving", "serving-crds.yaml"],
  ["serving", "serving-core.yaml"],
  ["serving", "serving-hpa.yaml"],
  ["net-kourier", "kourier.yaml"],
] as const;

/** What of an object has to be as in the release, because controllers, webhooks or steps go by it. */
const essence = (object: KubeObject): unknown => {
  const { kind } = object;
  const template = at(object, "spec", "template");
  const common = { apiVersion: object.apiVersion, labels: object.metadata.labels };
  if (kind === "ConfigMap") return { ...common, keys: Object.keys(at(object, "data") as object).sort() };
  if (kind.endsWith("WebhookConfiguration")) return { ...common, webhooks: object.webhooks };
  if (kind.endsWith("Binding")) return { ...common, subjects: object.subjects, roleRef: object.roleRef };
  if (kind === "ClusterRole") return { ...common, aggregationRule: object.aggregationRule };
  if (kind === "Certificate") return { ...common, spec: object.spec, annotations: object.metadata.annotations };
  if (["Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"].includes(kind))
    return { ...common, spec: object.spec };
  if (kind === "CustomResourceDefinition") {
    const versions = at(object, "spec", "versions") as Record<string, unknown>[];
    return {
      ...common,
      group: at(object, "spec", "group"),
      names: at(object, "spec", "names"),
      scope: at(object, "spec", "scope"),
      versions: versions.map(({ name, served, storage, subresources }) => ({ name, served, storage, subresources })),
    };
  }
  if (kind === "Deployment") {
    const containers = at(template, "spec", "containers") as Record<string, unknown>[];
    return {
      ...common,
      replicas: at(object, "spec", "replicas"),
      strategy: at(object, "spec", "strategy"),
      selector: at(object, "spec", "selector"),
      podLabels: at(template, "metadata", "labels"),
      account: at(template, "spec", "serviceAccountName"),
      volumes: at(template, "spec", "volumes"),
      grace: at(template, "spec", "terminationGracePeriodSeconds"),
      containers: containers.map((container) => ({
        name: container.name,
        image: String(container.image).replace(/[:@].*/, ""),
        ports: container.ports,
        requests: at(container, "resources", "requests"),
      })),
    };
  }
  return common;
};

const essences = (objects: readonly KubeObject[]): Record<string, unknown> =>
  Object.fromEntries(objects.map((object) => [keyOf(object), essence(object)]));

const known = await loadCatalog();

describe.skipIf(!upstream).each(known.minors)("stand-ins for %s", (minor) => {
  it.each(ASSETS)("agree with the real %s/%s in all that matters", async (component, asset) => {
    const version = versionOf(known.resolve(minor), component);
    const file = join(upstream ?? "", component, version, asset);
    const real = parseManifest(await readFile(file, "utf8"), asset);
    expect(essences(parseManifest(standIn(component, version, asset), asset))).toEqual(essences(real));
  });
});

/** Of the components that no minor names yet: every version that there is a file of, in the shape that is made for. */
const versionsIn = async (component: string, oldest: number): Promise<readonly string[]> => {
  const found = upstream ? await readdir(join(upstream, component)) : [];
  return found.filter((version) => Number(version.split(".")[1]) >= oldest);
};
const ISTIO = [
  ...(await versionsIn("istio", 21)).map((version) => ["istio", version, "istio.yaml"] as const),
  ...(await versionsIn("net-istio", 14)).map((version) => ["net-istio", version, "net-istio.yaml"] as const),
];

describe.skipIf(!upstream)("stand-ins for Istio", () => {
  it.each(ISTIO)("agree with the real %s %s in all that matters", async (component, version, asset) => {
    const file = join(upstream ?? "", component, version, asset);
    const real = parseManifest(await readFile(file, "utf8"), asset);
    expect(essences(parseManifest(standIn(component, version, asset), asset))).toEqual(essences(real));
  });
});

describe("stand-ins", () => {
  const all = ASSETS.map(([component, asset]) => ({
    file: asset,
    objects: parseManifest(standIn(component, "1.98.7", asset), asset),
  }));

  it("say that they are, and of what version", () => {
    expect(standIn("serving", "1.98.7", "serving-hpa.yaml")).toMatch(
      /^# A stand-in made by kn-bootstrap for serving 1\.98\.7: not a release\.\n/,
    );
    expect(all[1]?.objects[0]?.metadata.labels?.["app.kubernetes.io/version"]).toBe("1.98.7");
    expect(() => standInObjects("serving", "1.98.7", "other.yaml")).toThrow(TypeError);
  });

  it("repeat their CRDs in serving-core.yaml without contradicting themselves", () => {
    const total = all.reduce((sum, { objects }) => sum + objects.length, 0);
    expect(mergeManifests(all)).toHaveLength(total - 12);
  });

  it("carry checksums of their examples that the config webhook accepts", () => {
    const annotated = mergeManifests(all).filter(
      (object) => object.metadata.annotations?.["knative.dev/example-checksum"],
    );
    expect(annotated).toHaveLength(12);
    for (const object of annotated) {
      const example = String(at(object, "data", "_example"));
      expect(object.metadata.annotations?.["knative.dev/example-checksum"]).toBe(exampleChecksum(example));
    }
  });

  it("name images that can be moved and that nobody can pull", () => {
    const objects = mergeManifests(all);
    expect(imagesOf(objects)).toHaveLength(8);
    for (const image of imagesOf(objects))
      expect(image).toMatch(/^(?:gcr\.io\/knative-releases\/.*@sha256:0{64}|docker\.io\/envoyproxy\/envoy:stand-in)$/);
    for (const image of imagesOf(rewriteImages(objects, "r.io/m")))
      expect(image).toMatch(/^r\.io\/m\/(?:knative-releases|envoyproxy)\//);
  });

  it("serve as a source of releases", async () => {
    const catalog = await loadCatalog();
    const releases = openReleases({
      catalog,
      release: catalog.resolve(),
      standIns: standIn,
      cacheDir: "/nonexistent",
      fetch: () => Promise.reject(new Error("the network was asked")),
      signal: new AbortController().signal,
    });
    expect(releases.standIn).toBe(true);
    expect(await releases.objects("serving", "serving-crds.yaml", "serving-core.yaml")).toHaveLength(59);
  });

  it.skipIf(!upstream)("compute checksums as Knative does", async () => {
    let compared = 0;
    for (const version of await readdir(join(upstream ?? "", "serving"))) {
      const file = join(upstream ?? "", "serving", version, "serving-core.yaml");
      for (const object of parseManifest(await readFile(file, "utf8"), file)) {
        const checksum = object.metadata.annotations?.["knative.dev/example-checksum"];
        if (object.kind !== "ConfigMap" || checksum === undefined) continue;
        compared += 1;
        expect(exampleChecksum(String(at(object, "data", "_example"))), object.metadata.name).toBe(checksum);
      }
    }
    expect(compared).toBeGreaterThan(30);
  });

  it("need nothing of the engine, and no controller", async () => {
    const folder = join(import.meta.dirname, "../../src/sandbox");
    const files = (await readdir(folder, { recursive: true })).filter((file) => /stand-in.*\.ts$/.test(file));
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) {
      const imports = (await readFile(join(folder, file), "utf8")).matchAll(/from "([^"]+)"/g);
      for (const [, path = ""] of imports) {
        if (file === join("stand-ins", "index.ts") && path === "../parts.ts") continue;
        expect(path, file).toMatch(/^(?:\.\/[\w-]+\.ts|(?:\.\.\/)+(?:types|stand-ins\/pieces)\.ts|node:zlib)$/);
      }
    }
  });
});
