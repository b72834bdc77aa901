import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compareVersions } from "../../src/ports/version.ts";
import { catalogFile, parseCatalog } from "../../src/releases/catalog.ts";
import { loadCatalog } from "../../src/releases/index.ts";

const catalog = await loadCatalog();

/** As the real one once was, so that new versions there change nothing here. */
const then = parseCatalog(
  `
url: https://github.com/{repository}/releases/download/{tag}/{asset}
checksums: checksums.txt
components:
  serving: { repository: knative/serving, tag: "knative-v{version}", assets: [serving-core.yaml] }
  net-kourier: { repository: knative-extensions/net-kourier, tag: "knative-v{version}", assets: [kourier.yaml] }
helloImage: example.com/hello
minors:
  "1.19": { kubernetes: "1.32" }
  "1.21": { kubernetes: "1.33" }
  "1.20": { kubernetes: "1.32", versions: { serving: 1.20.3, net-kourier: 1.20.1 } }
  "1.22": { kubernetes: "1.34", until: 2026-11-03, versions: { serving: 1.22.1, net-kourier: 1.22.1 } }
  "1.23": { kubernetes: "1.34", versions: { serving: 1.23.0, net-kourier: 1.23.0 } }
settings: {}
digests: ""
`,
  "releases.yaml",
);

describe("resolve", () => {
  const catalog = then;

  it.each(["1.22", "v1.22", "1.22.1", "v1.22.1"])("takes %s", (wanted) => {
    expect(catalog.resolve(wanted)).toMatchObject({
      minor: "1.22",
      versions: { serving: "1.22.1", "net-kourier": "1.22.1" },
      minimumKubernetes: "1.34",
    });
  });

  it("takes the newest known when nothing is asked for", () => {
    expect(catalog.resolve().minor).toBe("1.23");
    expect(catalog.minors).toEqual(["1.20", "1.22", "1.23"]);
  });

  it.each([
    ["v1.36.2", "1.23"],
    ["v1.34.0-gke.1200", "1.23"],
    ["v1.33.9", "1.20"],
    ["v1.32.0+k3s1", "1.20"],
    ["v1.31.12-eks-1", undefined],
  ])("takes for %s the newest that it can run: %s", (kubernetes, minor) => {
    expect(catalog.newestFor(kubernetes)).toBe(minor);
    // Where it can run none, what needs least says what is missing.
    expect(catalog.resolve(undefined, {}, kubernetes).minor).toBe(minor ?? "1.20");
    expect(catalog.resolve("1.22", {}, kubernetes).minor).toBe("1.22");
    expect(catalog.resolve(undefined, { serving: "1.22.0" }, kubernetes).minor).toBe("1.22");
  });

  it("says until when a minor is looked after, where that is known", () => {
    expect(catalog.resolve("1.22").supportedUntil).toBe("2026-11-03");
    expect(catalog.resolve("1.23").supportedUntil).toBeUndefined();
  });

  it("keeps what is installed: a second run is no upgrade", () => {
    const installed = { serving: "v1.22.0", "net-kourier": "1.22.0" };
    expect(catalog.resolve(undefined, installed).versions).toEqual({ serving: "1.22.0", "net-kourier": "1.22.0" });
    expect(catalog.resolve("1.22", installed).versions).toEqual({ serving: "1.22.0", "net-kourier": "1.22.0" });
    expect(catalog.resolve("1.22.1", installed).versions).toEqual({ serving: "1.22.1", "net-kourier": "1.22.0" });
    expect(catalog.resolve("1.23", installed).versions).toEqual({ serving: "1.23.0", "net-kourier": "1.23.0" });
  });

  it("takes an exact version that it has no digests for", () => {
    expect(catalog.resolve("1.23.7").versions).toEqual({ serving: "1.23.7", "net-kourier": "1.23.0" });
    expect(catalog.resolve("1.19.9")).toMatchObject({
      minor: "1.19",
      versions: { serving: "1.19.9", "net-kourier": "1.19.0" },
      minimumKubernetes: "1.32",
    });
  });

  it.each([
    ["1.32", /Known: 1\.20, 1\.22, 1\.23\. Did you mean 1\.2[23]\?/],
    ["1.24", /Did you mean 1\.23\?/],
    ["v1.24.0", /Known: 1\.20, 1\.22, 1\.23\./],
    ["1.21", /Known: 1\.20, 1\.22, 1\.23\./],
    ["latest", /"latest" is not known here\. Known: 1\.20, 1\.22, 1\.23\.$/],
    ["1.23.x", /Did you mean 1\.23\?/],
    ["", /Known/],
    ["__proto__", /Known/],
  ])("refuses %j with exit 2", (wanted, message) => {
    expect(() => catalog.resolve(wanted)).toThrow(
      expect.objectContaining({ id: "release.unknown", kind: "input", message: expect.stringMatching(message) }),
    );
  });

  it("refuses an installed release that it does not know", () => {
    expect(() => catalog.resolve(undefined, { serving: "1.99.0" })).toThrow(/1\.99\.0/);
  });
});

describe("settings", () => {
  it.each([
    ["1.11.0", "external-domain-tls", { configMap: "config-network", key: "auto-tls" }],
    ["1.12.0", "external-domain-tls", { configMap: "config-network", key: "external-domain-tls" }],
    ["1.7.0", "queue-sidecar-image", { configMap: "config-deployment", key: "queueSidecarImage" }],
    ["1.8.0", "queue-sidecar-image", { configMap: "config-deployment", key: "queue-sidecar-image" }],
    ["1.18.0", "certs-secret-name", { deployment: "net-kourier-controller", key: "CERTS_SECRET_NAME" }],
    ["1.19.0", "certs-secret-name", { configMap: "config-kourier", key: "certs-secret-name" }],
    ["1.0.0", "ingress-class", { configMap: "config-network", key: "ingress-class" }],
  ])("%s keeps %s in its own place", (version, name, setting) => {
    const release = catalog.resolve(version);
    expect(release.setting(name)).toEqual(setting);
    expect(release.key(name)).toBe(setting.key);
  });

  it("does not answer for a name that nobody wrote down", () => {
    expect(() => catalog.resolve().key("ingres-class")).toThrow(TypeError);
  });
});

describe("the file", () => {
  it("gives minimum Kubernetes versions that only ever rise", () => {
    const minors = Array.from({ length: 24 }, (_, index) => catalog.resolve(`1.${index}.0`).minimumKubernetes);
    expect(minors).toEqual([...minors].sort(compareVersions));
    expect(minors[0]).toBe("1.20");
  });

  it("has a digest for every asset of every version that can be asked for by minor", () => {
    for (const minor of catalog.minors) {
      for (const [component, version] of Object.entries(catalog.resolve(minor).versions)) {
        for (const asset of catalog.components[component]?.assets ?? []) {
          expect(catalog.digest(component, version, asset), `${component}/${version}/${asset}`).toMatch(
            /^[0-9a-f]{64}$/,
          );
        }
      }
    }
  });

  it("names download URLs, and the same path below a mirror", () => {
    expect(catalog.url("serving", "1.23.0", "serving-core.yaml")).toBe(
      "https://github.com/knative/serving/releases/download/knative-v1.23.0/serving-core.yaml",
    );
    expect(catalog.url("net-kourier", "1.23.0", "kourier.yaml", "http://127.0.0.1:1/github/")).toBe(
      "http://127.0.0.1:1/github/knative-extensions/net-kourier/releases/download/knative-v1.23.0/kourier.yaml",
    );
  });

  it("is found from a bundle's folder too", async () => {
    const root = await mkdtemp(join(tmpdir(), "releases-"));
    await mkdir(join(root, "dist", "chunks"), { recursive: true });
    await cp((await catalogFile()).path, join(root, "manifests", "releases.yaml"));
    expect((await catalogFile(join(root, "dist", "chunks"))).path).toBe(join(root, "manifests", "releases.yaml"));
    await rm(root, { recursive: true });
  });

  it("says so when it is missing or not of its shape", async () => {
    await expect(catalogFile(tmpdir())).rejects.toMatchObject({ id: "release.catalog", kind: "failed" });
    const text = await readFile((await catalogFile()).path, "utf8");
    const broken = text.replace("helloImage:", "helloImaeg:");
    expect(() => parseCatalog(broken, "x.yaml")).toThrow(
      expect.objectContaining({ id: "release.catalog", message: expect.stringMatching(/helloIm/) }),
    );
  });
});

it("compares versions by number", () => {
  expect(["1.10", "1.9", "v1.9.1", "1.34.2-gke.100", "1.34"].sort(compareVersions)).toEqual([
    "1.9",
    "v1.9.1",
    "1.10",
    "1.34",
    "1.34.2-gke.100",
  ]);
});
