import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/ports/object.ts";
import { imagesOf, rewriteImage, rewriteImages } from "../../src/releases/images.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import { upstream } from "./upstream.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("rewriteImage", () => {
  it.each([
    [`gcr.io/knative-releases/x@${DIGEST}`, `reg.example:5000/m/knative-releases/x@${DIGEST}`],
    ["docker.io/envoyproxy/envoy:v1-latest", "reg.example:5000/m/envoyproxy/envoy:v1-latest"],
    ["nginx", "reg.example:5000/m/library/nginx"],
    ["nginx:1", "reg.example:5000/m/library/nginx:1"],
    ["docker.io/nginx", "reg.example:5000/m/library/nginx"],
    ["index.docker.io/nginx", "reg.example:5000/m/library/nginx"],
    ["fluent/fluent-bit:1", "reg.example:5000/m/fluent/fluent-bit:1"],
    [`ghcr.io/a/b:t@${DIGEST}`, `reg.example:5000/m/a/b:t@${DIGEST}`],
    ["localhost:5001/dev/x:1", "reg.example:5000/m/dev/x:1"],
    ["localhost/x", "reg.example:5000/m/x"],
    ["reg.example:5000/m/a/b:1", "reg.example:5000/m/a/b:1"],
    ["reg.example:5000/other/b:1", "reg.example:5000/m/other/b:1"],
  ])("%s", (image, rewritten) => {
    expect(rewriteImage(image, "reg.example:5000/m")).toBe(rewritten);
  });

  it.each(["", "Nginx", "ko://knative.dev/x", "a b", "x@sha256:12", "gcr.io/", "x:"])("refuses %j", (image) => {
    expect(() => rewriteImage(image, "r.io")).toThrow(expect.objectContaining({ id: "release.image", kind: "input" }));
  });
});

describe("a registry", () => {
  it.each(["r.io", "localhost", "localhost:5000", "r.io:5000/a/b-c", "10.0.0.1:5000", "[::1]:5000/a", "registry:5000"])(
    "can be %s",
    (registry) => {
      expect(rewriteImage("nginx:1", registry)).toBe(`${registry}/library/nginx:1`);
    },
  );

  it.each(["", "mirror", "mirror/a", "https://r.io", "r.io/A", "r.io/", "r.io//a", "r.io/a:tag", "r.io/a b", "-r.io"])(
    "cannot be %j",
    (registry) => {
      expect(() => rewriteImage("nginx:1", registry)).toThrow(
        expect.objectContaining({ id: "release.registry", kind: "input" }),
      );
    },
  );
});

const deployment: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    template: {
      spec: {
        initContainers: [{ name: "i", image: "init" }],
        ephemeralContainers: [{ name: "e", image: "debug:1" }],
        containers: [
          {
            name: "c",
            image: "gcr.io/a/c:1",
            args: ["--acme-http01-solver-image=quay.io/jetstack/solver:v1", "--image=", "--use-image=yes", "run"],
            env: [
              { name: "RUNNER_IMAGE", value: "gcr.io/a/runner:1" },
              { name: "USE_IMAGE", value: "yes" },
              { name: "EMPTY_IMAGE", value: "" },
              { name: "OTHER", value: "gcr.io/a/other:1" },
              { name: "FROM_IMAGE", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            ],
          },
        ],
        volumes: [
          { name: "v", image: { reference: "gcr.io/a/volume:1" } },
          { name: "w", emptyDir: {} },
        ],
      },
    },
  },
};

describe("images of objects", () => {
  it("finds and rewrites every place in a pod spec, and nothing else", () => {
    expect(imagesOf([deployment])).toEqual([
      ...["debug:1", "gcr.io/a/c:1", "gcr.io/a/runner:1", "gcr.io/a/volume:1", "init", "quay.io/jetstack/solver:v1"],
    ]);
    const before = structuredClone(deployment);
    const [rewritten] = rewriteImages([deployment], "r.io");
    expect(deployment).toEqual(before);
    expect(imagesOf(rewritten ? [rewritten] : [])).toEqual([
      ...[
        "r.io/a/c:1",
        "r.io/a/runner:1",
        "r.io/a/volume:1",
        "r.io/jetstack/solver:v1",
        "r.io/library/debug:1",
        "r.io/library/init",
      ],
    ]);
    expect(JSON.stringify(rewritten)).toBe(
      JSON.stringify(deployment)
        .replace('"init"', '"r.io/library/init"')
        .replace("debug:1", "r.io/library/debug:1")
        .replace("quay.io/", "r.io/")
        .replaceAll(/gcr\.io\/a\/(c|runner|volume)/g, "r.io/a/$1"),
    );
  });

  it("rewrites what Knative pulls by configuration", () => {
    const objects: KubeObject[] = [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "config-deployment" },
        data: { "queue-sidecar-image": "gcr.io/q:1", _example: "image: x" },
      },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "config-deployment" },
        data: { queueSidecarImage: "gcr.io/q:1" },
      },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "other" },
        data: { "queue-sidecar-image": "gcr.io/q:2" },
      },
      {
        apiVersion: "caching.internal.knative.dev/v1alpha1",
        kind: "Image",
        metadata: { name: "queue-proxy" },
        spec: { image: "gcr.io/q:1" },
      },
      {
        apiVersion: "serving.knative.dev/v1",
        kind: "Service",
        metadata: { name: "hello" },
        spec: { template: { spec: { containers: [{ image: "ghcr.io/k/hello" }] } } },
      },
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "a" } },
    ];
    expect(imagesOf(objects)).toEqual(["gcr.io/q:1", "ghcr.io/k/hello"]);
    const rewritten = rewriteImages(objects, "r.io/m");
    expect(imagesOf(rewritten)).toEqual(["r.io/m/k/hello", "r.io/m/q:1"]);
    expect(rewritten[0]?.data).toEqual({ "queue-sidecar-image": "r.io/m/q:1", _example: "image: x" });
    expect(rewritten[5]).toEqual(objects[5]);
    expect(rewriteImages(rewritten, "r.io/m")).toEqual(rewritten);
  });

  it.each([
    ["docker.io/istio", "r.io/m/istio", "docker.io/istio/proxyv2:1.29.2"],
    ["registry.istio.io/release", "r.io/m/release", "registry.istio.io/release/proxyv2:1.29.2"],
  ])("moves the sidecar that istiod takes from %s", (hub, moved, image) => {
    const values = (from: string) =>
      JSON.stringify({ global: { hub: from, tag: "1.29.2", proxy: { image: "proxyv2" } }, revision: "" }, null, 2);
    const injector: KubeObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "istio-sidecar-injector", namespace: "istio-system" },
      data: { config: "template", values: values(hub) },
    };
    expect(imagesOf([injector])).toEqual([image]);
    expect(rewriteImages([injector], "r.io/m")).toEqual([
      { ...injector, data: { config: "template", values: values(moved) } },
    ]);
    expect(rewriteImages(rewriteImages([injector], "r.io/m"), "r.io/m")).toEqual(rewriteImages([injector], "r.io/m"));
  });

  it("leaves to istiod what istiod puts into a gateway's pod", () => {
    const injected: KubeObject = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "gateway", namespace: "edge" },
      spec: { template: { spec: { containers: [{ name: "istio-proxy", image: "auto" }] } } },
    };
    expect(imagesOf([injected])).toEqual([]);
    expect(rewriteImages([injected], "r.io/m")).toEqual([injected]);
  });

  it("refuses an image that it could not move", () => {
    const broken = structuredClone(deployment);
    Object.assign(broken, { spec: { containers: [{ image: "ko://x" }] } });
    expect(() => rewriteImages([broken], "r.io")).toThrow(/ko:\/\/x/);
  });

  it
    .skipIf(!upstream)
    .each([
      "serving/1.23.0/serving-core.yaml",
      "net-kourier/1.23.0/kourier.yaml",
      "cert-manager/1.18.0/cert-manager.yaml",
      "net-istio/1.23.0/net-istio.yaml",
      "eventing/1.23.0/eventing-core.yaml",
    ])("leaves no registry of others in %s", async (file) => {
    const objects = parseManifest(await readFile(join(upstream ?? "", file), "utf8"), file);
    const rewritten = rewriteImages(objects, "reg.example/m");
    expect(imagesOf(objects).length).toBeGreaterThan(1);
    expect(imagesOf(rewritten)).toHaveLength(imagesOf(objects).length);
    for (const object of rewritten) {
      if (object.kind === "CustomResourceDefinition") continue;
      const { data, ...rest } = object;
      expect(JSON.stringify(rest)).not.toMatch(/(?:gcr|docker|quay)\.io\//);
    }
  });
});
