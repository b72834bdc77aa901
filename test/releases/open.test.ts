import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { at } from "../../src/ports/object.ts";
import { parseDocuments } from "../../src/ports/yaml.ts";
import { catalogFile, parseCatalog } from "../../src/releases/catalog.ts";
import { sha256 } from "../../src/releases/digest.ts";
import {
  defaultCacheDir,
  loadCatalog,
  type OpenOptions,
  openReleases,
  type Releases,
} from "../../src/releases/index.ts";
import { serve, type TestServer } from "./server.ts";
import { upstream } from "./upstream.ts";

const manifest = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const digest = (text: string): string => sha256(Buffer.from(text));

/** One component with two assets; 1.1.0 is known, everything else of 1.1 is not. */
const catalog = parseCatalog(
  `
url: https://github.com/{repository}/releases/download/{tag}/{asset}
checksums: checksums.txt
components: { serving: { repository: o/r, tag: "v{version}", assets: [a.yaml, b.yaml] } }
helloImage: example.com/hello
minors: { "1.1": { kubernetes: "1.30", versions: { serving: 1.1.0 } } }
settings: {}
digests: |
  ${digest(manifest("a"))}  serving/1.1.0/a.yaml
  ${digest(manifest("b"))}  serving/1.1.0/b.yaml
`,
  "releases.yaml",
);

const noNetwork = (): never => {
  throw new Error("the network was asked");
};

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "releases-"));
});
afterEach(() => rm(root, { recursive: true }));

const open = (options: Partial<OpenOptions>, version?: string): Releases =>
  openReleases({
    catalog,
    release: catalog.resolve(version),
    cacheDir: join(root, "cache"),
    fetch,
    signal: new AbortController().signal,
    retry: { delay: 5 },
    ...options,
  });

const put = async (path: string, text: string): Promise<string> => {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
};

const names = async (releases: Releases, ...assets: string[]): Promise<string[]> =>
  (await releases.objects("serving", ...assets)).map((object) => object.metadata.name);

/** A release host: path → text; 404 for the rest. */
const host = (files: Record<string, string>): Promise<TestServer> =>
  serve((request, response) => {
    const text = files[request.url ?? ""];
    if (text === undefined) response.writeHead(404).end();
    else response.setHeader("content-length", Buffer.byteLength(text)).end(text);
  });

describe("a directory", () => {
  it("gives the objects of all assets asked for, without network, and takes nothing into the cache", async () => {
    await put("m/serving/1.1.0/a.yaml", manifest("a"));
    await put("m/serving/1.1.0/b.yaml", manifest("b"));
    const releases = open({ manifests: join(root, "m"), fetch: noNetwork });
    expect(await names(releases, "a.yaml", "b.yaml")).toEqual(["a", "b"]);
    expect(releases).toMatchObject({ standIn: false, origin: join(root, "m") });
    expect(await readdir(join(root, "m"), { recursive: true })).toHaveLength(4);
    // What was parsed, and no files of releases.
    expect(await readdir(join(root, "cache"))).toEqual([".parsed"]);
  });

  it("names the file that it lacks, and does not turn to the network", async () => {
    await put("m/serving/1.1.0/a.yaml", manifest("a"));
    const releases = open({ manifests: join(root, "m"), fetch: noNetwork });
    await expect(names(releases, "a.yaml", "b.yaml")).rejects.toMatchObject({
      id: "release.file",
      kind: "input",
      message: `${join(root, "m/serving/1.1.0/b.yaml")} is missing.`,
    });
    await expect(names(open({ manifests: join(root, "nowhere") }), "a.yaml")).rejects.toMatchObject({
      id: "release.file",
      kind: "input",
    });
    await mkdir(join(root, "m/serving/1.1.0/b.yaml"));
    await expect(names(open({ manifests: join(root, "m") }), "b.yaml")).rejects.toMatchObject({
      id: "release.file",
      kind: "input",
    });
  });

  it("is still reading nothing when it says that a file is missing", async () => {
    await put("m/serving/1.1.0/a.yaml", manifest("a"));
    const releases = open({ manifests: join(root, "m") });
    await expect(names(releases, "b.yaml", "a.yaml")).rejects.toMatchObject({ id: "release.file" });
    expect(await readdir(join(root, "cache/.parsed"))).toHaveLength(1);
  });

  it("stops at a truncated file with the file and both digests", async () => {
    const truncated = manifest("a").slice(0, -10);
    const file = await put("m/serving/1.1.0/a.yaml", truncated);
    await expect(names(open({ manifests: join(root, "m") }), "a.yaml")).rejects.toMatchObject({
      id: "release.digest",
      kind: "input",
      message: expect.stringContaining(file),
      why: expect.stringMatching(new RegExp(`${digest(truncated)}.*${digest(manifest("a"))}`)),
    });
  });

  it("says of a file with CR and LF that git changed its line ends", async () => {
    await put("m/serving/1.1.0/a.yaml", manifest("a").replaceAll("\n", "\r\n"));
    await expect(names(open({ manifests: join(root, "m") }), "a.yaml")).rejects.toMatchObject({
      id: "release.digest",
      kind: "input",
      why: expect.stringContaining("core.autocrlf"),
      remedy: { command: expect.stringContaining(".gitattributes") },
    });
  });

  it("verifies a version that the catalog does not know by its checksums.txt", async () => {
    await put("m/serving/1.1.5/a.yaml", manifest("new"));
    const manifests = join(root, "m");
    await expect(names(open({ manifests, fetch: noNetwork }, "1.1.5"), "a.yaml")).rejects.toMatchObject({
      id: "release.unverified",
      kind: "input",
      message: expect.stringContaining(join(manifests, "serving/1.1.5/checksums.txt")),
    });
    await put("m/serving/1.1.5/checksums.txt", `${digest(manifest("new"))}  a.yaml\n`);
    expect(await names(open({ manifests, fetch: noNetwork }, "1.1.5"), "a.yaml")).toEqual(["new"]);
    await expect(names(open({ manifests, fetch: noNetwork }, "1.1.5"), "b.yaml")).rejects.toMatchObject({
      id: "release.unverified",
    });

    await put("m/serving/1.1.5/a.yaml", manifest("changed"));
    await expect(names(open({ manifests }, "1.1.5"), "a.yaml")).rejects.toMatchObject({ id: "release.digest" });
    await put("m/serving/1.1.5/checksums.txt", `${digest(manifest("changed"))}  a.yaml\n`);
    await expect(names(open({ manifests }, "1.1.5"), "a.yaml")).rejects.toMatchObject({
      id: "release.lock",
      kind: "input",
      message: expect.stringMatching(new RegExp(`${digest(manifest("changed"))}.*${digest(manifest("new"))}`)),
    });
  });

  it("names file and line of what is no manifest, once its digest is right", async () => {
    const text = `${manifest("a")}data: {a: 1, a: 2}\n`;
    const file = await put("m/serving/1.1.5/a.yaml", text);
    await put("m/serving/1.1.5/b.yaml", "");
    const latin1 = Buffer.from([0x61, 0xe9]);
    await writeFile(join(root, "m/serving/1.1.5/b.yaml"), latin1);
    await put("m/serving/1.1.5/checksums.txt", `${digest(text)} *a.yaml\n${sha256(latin1)}  ./b.yaml\n`);
    const releases = open({ manifests: join(root, "m") }, "1.1.5");
    await expect(names(releases, "a.yaml")).rejects.toMatchObject({
      id: "release.malformed",
      kind: "input",
      message: `${file}, line 4: duplicated mapping key`,
    });
    await expect(names(releases, "b.yaml")).rejects.toMatchObject({
      id: "release.malformed",
      message: expect.stringContaining("no UTF-8"),
    });
  });
});

describe("the network", () => {
  const known = {
    "/o/r/releases/download/v1.1.0/a.yaml": manifest("a"),
    "/o/r/releases/download/v1.1.0/b.yaml": manifest("b"),
  };

  it("takes a version that the catalog does not know only over https, and from a cache for us alone", async () => {
    const refused = { id: "release.insecure", kind: "input" };
    await expect(names(open({ mirror: "http://mirror.invalid" }, "1.1.5"), "a.yaml")).rejects.toMatchObject(refused);
    await using server = await host(known);
    expect(await names(open({ mirror: server.url }), "a.yaml")).toEqual(["a"]);

    await put("cache/serving/1.1.5/checksums.txt", `${digest(manifest("evil"))}  a.yaml\n`);
    await chmod(join(root, "cache/serving/1.1.5/checksums.txt"), 0o666);
    await expect(names(open({ mirror: server.url }, "1.1.5"), "a.yaml")).rejects.toMatchObject({
      id: "release.cache",
      message: expect.stringContaining("can be written by others"),
    });
  });

  it("downloads each asset once, reports progress, and fills the cache", async () => {
    await using server = await host(known);
    const events: unknown[] = [];
    const releases = open({ mirror: server.url, onEvent: (event) => events.push(event) });
    const all = await Promise.all([
      names(releases, "a.yaml", "b.yaml"),
      names(releases, "b.yaml"),
      names(releases, "a.yaml"),
    ]);
    expect(all).toEqual([["a", "b"], ["b"], ["a"]]);
    expect([...server.requests].sort()).toEqual(Object.keys(known));
    const size = manifest("a").length;
    expect(events).toContainEqual({ type: "download", file: "serving/1.1.0/a.yaml", bytes: size, total: size });
    expect(releases.origin).toBe(server.url);
    expect(open({}).origin).toBe("https://github.com");

    expect(await names(open({ fetch: noNetwork }), "a.yaml", "b.yaml")).toEqual(["a", "b"]);
    expect((await readdir(join(root, "cache/serving/1.1.0"))).sort()).toEqual(["a.yaml", "b.yaml"]);
    expect(await names(open({ fetch: noNetwork, manifests: join(root, "cache") }), "a.yaml")).toEqual(["a"]);
  });

  it("asks github.com when no mirror is named", async () => {
    const asked: string[] = [];
    const answer = async (url: string): Promise<Response> => {
      asked.push(url);
      return new Response(manifest("a"));
    };
    expect(await names(open({ fetch: answer }), "a.yaml")).toEqual(["a"]);
    expect(asked).toEqual(["https://github.com/o/r/releases/download/v1.1.0/a.yaml"]);
  });

  it("never keeps a file with a wrong digest", async () => {
    await using server = await host({
      ...known,
      "/o/r/releases/download/v1.1.0/a.yaml": "<html>Please sign in</html>",
    });
    await expect(names(open({ mirror: server.url }), "a.yaml")).rejects.toMatchObject({
      id: "release.digest",
      kind: "input",
      message: expect.stringContaining(`${server.url}/o/r/releases/download/v1.1.0/a.yaml`),
    });
    await expect(readdir(join(root, "cache"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("stops at a damaged file in the cache and says how to get rid of it", async () => {
    const file = await put("cache/serving/1.1.0/a.yaml", "damaged");
    await expect(names(open({ fetch: noNetwork }), "a.yaml")).rejects.toMatchObject({
      id: "release.digest",
      kind: "input",
      remedy: { command: `rm ${file}` },
    });
  });

  it("works without a cache that can be written", async () => {
    await using server = await host(known);
    const cacheDir = join(await put("file", ""), "below-a-file");
    expect(await names(open({ mirror: server.url, cacheDir }), "a.yaml")).toEqual(["a"]);
  });

  it("says what to do without a network", async () => {
    const { url, [Symbol.asyncDispose]: close } = await serve(() => undefined);
    await close();
    await expect(names(open({ mirror: url, retry: { attempts: 1 } }), "a.yaml")).rejects.toMatchObject({
      id: "release.unavailable",
      kind: "failed",
      message: `${url}/o/r/releases/download/v1.1.0/a.yaml could not be downloaded.`,
      why: expect.stringContaining("ECONNREFUSED"),
      remedy: { command: "kn-bootstrap install --manifests DIR" },
    });
  });

  it("pins the digests of an unknown version on first use", async () => {
    const base = "/o/r/releases/download/v1.1.5";
    const files: Record<string, string> = {
      [`${base}/a.yaml`]: manifest("one"),
      [`${base}/checksums.txt`]: `${digest(manifest("one"))}  a.yaml\n`,
    };
    await using server = await host(files);
    const mirror = server.url;
    expect(await names(open({ mirror }, "1.1.5"), "a.yaml")).toEqual(["one"]);
    expect(await readFile(join(root, "cache/serving/1.1.5/checksums.txt"), "utf8")).toBe(
      files[`${base}/checksums.txt`],
    );
    expect(await names(open({ fetch: noNetwork }, "1.1.5"), "a.yaml")).toEqual(["one"]);

    files[`${base}/a.yaml`] = manifest("two");
    files[`${base}/checksums.txt`] = `${digest(manifest("two"))}  a.yaml\n`;
    await rm(join(root, "cache/serving/1.1.5/a.yaml"));
    await expect(names(open({ mirror }, "1.1.5"), "a.yaml")).rejects.toMatchObject({
      id: "release.digest",
      why: expect.stringContaining(join(root, "cache/serving/1.1.5/checksums.txt")),
    });
  });

  it("refuses an unknown version that does not exist or lists no digests", async () => {
    await using server = await host({ "/o/r/releases/download/v1.1.6/checksums.txt": "<html>\n" });
    const mirror = server.url;
    await expect(names(open({ mirror }, "1.1.5"), "a.yaml")).rejects.toMatchObject({
      id: "release.unverified",
      kind: "input",
    });
    await expect(names(open({ mirror }, "1.1.6"), "a.yaml")).rejects.toMatchObject({
      id: "release.unverified",
      kind: "input",
    });
    await expect(readdir(join(root, "cache"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("needs a place for the digests of an unknown version", async () => {
    await using server = await host({ "/o/r/releases/download/v1.1.5/checksums.txt": `${digest("")}  a.yaml\n` });
    const cacheDir = join(await put("file", ""), "below-a-file");
    await expect(names(open({ mirror: server.url, cacheDir }, "1.1.5"), "a.yaml")).rejects.toMatchObject({
      id: "release.cache",
      kind: "failed",
    });
  });

  it("ends with the reason of the signal", async () => {
    await using server = await serve((_, response) => response.write("x"));
    const controller = new AbortController();
    const reason = new Error("interrupted");
    setTimeout(() => controller.abort(reason), 30);
    await expect(names(open({ mirror: server.url, signal: controller.signal }), "a.yaml", "b.yaml")).rejects.toBe(
      reason,
    );
    await expect(readdir(join(root, "cache"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("stand-ins", () => {
  it("replace every other source and say so", async () => {
    const standIns = (component: string, version: string, asset: string): string =>
      manifest(`${component}-${version}-${asset}`);
    const releases = open({ standIns, fetch: noNetwork, manifests: join(root, "m") });
    expect(await names(releases, "a.yaml")).toEqual(["serving-1.1.0-a.yaml"]);
    expect(releases).toMatchObject({ standIn: true, origin: "stand-ins" });
  });

  it("are read like every manifest", async () => {
    const releases = open({ standIns: () => "apiVersion: v1\nkind: [", fetch: noNetwork });
    await expect(names(releases, "a.yaml")).rejects.toMatchObject({
      id: "release.malformed",
      message: expect.stringContaining("stand-in serving/1.1.0/a.yaml, line 2"),
    });
  });
});

describe.skipIf(!upstream)("the real releases", async () => {
  const real = await loadCatalog();
  const names = Object.keys(at(parseDocuments((await catalogFile()).text)[0]?.value, "settings") as object);
  const openReal = (minor: string) =>
    openReleases({
      catalog: real,
      release: real.resolve(minor),
      manifests: upstream ?? "",
      cacheDir: join(root, "cache"),
      fetch: noNetwork,
      signal: new AbortController().signal,
    });

  it.each(real.minors)("%s is what the catalog says it is", async (minor) => {
    const releases = openReal(minor);
    const serving = await releases.objects("serving", ...(real.components.serving?.assets ?? []));
    const kourier = await releases.objects("net-kourier", "kourier.yaml");
    expect(serving).toHaveLength(minor === "1.14" ? 61 : 63);
    expect(kourier).toHaveLength(13);
  });

  it.each(real.minors)("%s knows each setting under the name that the catalog has for it", async (minor) => {
    const { setting } = real.resolve(minor);
    const objects = await Promise.all([
      openReal(minor).objects("serving", "serving-core.yaml"),
      openReal(minor).objects("net-kourier", "kourier.yaml"),
    ]);
    const find = (kind: string, name: string): object | undefined =>
      objects.flat().find((object) => object.kind === kind && object.metadata.name === name);
    const lacking = names.filter((name) => {
      const place = setting(name);
      // A setting of a ConfigMap is data, or described in its example; a variable is there to be filled in.
      if ("deployment" in place)
        return !JSON.stringify(find("Deployment", place.deployment)).includes(`"${place.key}"`);
      const { _example = "", ...data } = at(find("ConfigMap", place.configMap), "data") as Record<string, string>;
      return !(place.key in data) && !_example.split("\n").some((line) => line.trim().startsWith(`${place.key}:`));
    });
    expect(lacking).toEqual([]);
  });
});

it("keeps the cache where the environment wants caches", () => {
  expect(defaultCacheDir({ HOME: "/h" })).toBe("/h/.cache/kn-bootstrap/releases");
  expect(defaultCacheDir({ HOME: "/h", XDG_CACHE_HOME: "/x" })).toBe("/x/kn-bootstrap/releases");
});
