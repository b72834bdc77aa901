import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";
import { kn, stage } from "./cli.ts";

const UPSTREAM = resolve(import.meta.dirname, "../../../shared/upstream");
const scratch = mkdtempSync(join(tmpdir(), "kn-bootstrap-bad-"));
const file = (name: string, text: string): string => {
  const path = join(scratch, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};

/** A manifests directory of a version that the catalog has no digests for, with its own checksums. */
const unverified = (name: string, damage: (text: string) => string): string => {
  const root = join(scratch, name);
  for (const [component, asset] of [
    ["serving", "serving-crds.yaml"],
    ["serving", "serving-core.yaml"],
    ["net-kourier", "kourier.yaml"],
  ] as const) {
    const text = standIn(component, "1.23.0", asset);
    file(join(name, component, "1.23.0", asset), asset === "kourier.yaml" ? damage(text) : text);
  }
  return root;
};

describe("bad input ends in one paragraph, exit code 2, and changes nothing", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let old: Awaited<ReturnType<typeof stage>>;
  let writes = 0;
  const onRequest = ({ method }: { method: string }) => {
    if (method !== "GET") writes += 1;
    return undefined;
  };

  beforeAll(async () => {
    [world, old] = await Promise.all([stage({ onRequest }), stage({ onRequest, version: "v1.30.4" })]);
  });
  afterAll(async () => {
    await Promise.all([world.close(), old.close()]);
  });

  const refused = async (args: readonly string[], words: readonly RegExp[], on = world, code = 2) => {
    writes = 0;
    const outcome = await kn({ ...on, standIns: !args.includes("--manifests") }, ["install", "--yes", ...args], {
      env: { COLUMNS: "200" },
    });
    const error = outcome.stderr.slice(outcome.stderr.indexOf("Error: "));
    expect(outcome.code, outcome.stderr).toBe(code);
    for (const word of words) expect(error.replace(/\s+/g, " ")).toMatch(word);
    // One paragraph, then at most the command to copy.
    expect(error.split("\n\n")).toHaveLength(1);
    expect(error).not.toMatch(/\n\s+at /);
    expect(writes).toBe(0);
    const json = await kn({ ...on, standIns: !args.includes("--manifests") }, [
      "install",
      "--yes",
      "-o",
      "json",
      ...args,
    ]);
    expect(json.code).toBe(code);
    expect(json.events.at(-1)).toMatchObject({ type: "error", exitCode: code, remedy: { text: expect.any(String) } });
  };

  it("kubeconfig that is not there", () =>
    refused(["--kubeconfig", join(scratch, "nowhere")], [/nowhere does not exist/]));
  it("kubeconfig that is no YAML", () =>
    refused(["--kubeconfig", file("bad-kubeconfig", "{clusters: [")], [/cannot be understood/]));
  it("unknown context", () =>
    refused(["--context", "rehersal"], [/no context "rehersal"/, /did you mean "rehearsal"/]));
  it("unknown minor", () => refused(["--knative-version", "1.99"], [/"1.99" is not known/, /1\.14, .*1\.22, 1\.23/]));
  it("minor that is too new for the server, with the one that is not", () =>
    refused(
      ["--knative-version", "1.23"],
      [/needs Kubernetes 1\.34 or newer, and this server is 1\.30\.4/, /--knative-version 1\.17 ?$/],
      old,
    ));
  it("server that is too old for every minor", async () => {
    const older = await stage({ onRequest, version: "v1.27.9" });
    await refused(
      [],
      [
        /Knative 1\.14\.2 needs Kubernetes 1\.28 or newer, and this server is 1\.27\.9/,
        /Upgrade the cluster: no Knative/,
      ],
      older,
    );
    await older.close();
  });
  it("another minor than the installed one is an upgrade", async () => {
    const running = await stage();
    await kn({ ...running, standIns: true }, ["install", "--yes", "--knative-version", "1.22"]);
    const outcome = await kn({ ...running, standIns: true }, ["install", "--yes", "--knative-version", "1.23"]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(/runs Knative 1\.22\.1/);
    const kept = await kn({ ...running, standIns: true }, ["plan", "--exit-code"]);
    expect(kept.code, kept.stdout).toBe(0);
    await running.close();
  });
  it("unknown flag", () => refused(["--ingres", "kourier"], [/no option --ingres/, /--ingress\?/]));
  it("unknown key in the file", () => refused(["--config", file("keys.yaml", "tsl: none\n")], [/"tsl"/, /mean tls/]));
  it("unknown value", () => refused(["--ingress", "contour"], [/"contour"/, /kourier or istio/]));
  it("manifests directory without the file", () =>
    refused(["--manifests", join(scratch, "empty")], [/serving-(crds|core)\.yaml is missing/]));
  it("wrong digest, with file and both digests", () =>
    refused(
      ["--manifests", unverified("other", (text) => text), "--knative-version", "1.23"],
      [/is not the file that was released/, /[0-9a-f]{64}.*[0-9a-f]{64}/],
    ));
  it("server that does not answer", () => {
    const dead = readFileSync(world.kubeconfig, "utf8").replace(/https:\/\/127\.0\.0\.1:\d+/, "https://127.0.0.1:1");
    return refused(["--kubeconfig", file("dead", dead)], [/127\.0\.0\.1:1/, /refused/]);
  });

  it.runIf(existsSync(join(UPSTREAM, "serving")))("truncated manifest", () => {
    const root = join(scratch, "truncated");
    cpSync(UPSTREAM, root, {
      recursive: true,
      filter: (path) => !/istio|eventing|cert-manager|logging|gateway/.test(path.slice(UPSTREAM.length)),
    });
    const kourier = readFileSync(join(UPSTREAM, "net-kourier/1.23.0/kourier.yaml"), "utf8");
    mkdirSync(join(scratch, "cut/net-kourier/1.23.0"), { recursive: true });
    cpSync(join(root, "serving"), join(scratch, "cut/serving"), { recursive: true });
    file("cut/net-kourier/1.23.0/kourier.yaml", kourier.slice(0, 20_000));
    return refused(
      ["--manifests", join(scratch, "cut"), "--knative-version", "1.23"],
      [/kourier\.yaml is not the file that was released/, /truncated/],
    );
  });
});
