import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CANARY_CHECKS } from "../../src/checks/canary/index.ts";
import { Interrupted } from "../../src/ports/error.ts";
import { startInternet } from "../../src/sandbox/internet.ts";
import type { ApiRequest, ApiResponse, Obj } from "../../src/sandbox/types.ts";
import { dead, kn, type Stage, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";
import { isThorough } from "../thorough.ts";

const NAMESPACE = "kn-bootstrap-probe";
const SERVICE = { apiVersion: "serving.knative.dev/v1", kind: "Service", namespace: NAMESPACE, name: "probe" };
const HOPS = CANARY_CHECKS.map(({ id }) => id);
const ABSENT = "registry.example.com/absent:1";
const INSTALL = ["install", "--yes", "--skip-checks", "proof.zero", "--tls", "self-signed", "--dns", "route53"];

interface Line {
  readonly causes: readonly { readonly id: string }[];
  readonly findings: readonly { readonly id: string; readonly status: string; readonly summary: string }[];
}

describe("doctor --probe", { timeout: patient(60_000) }, () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let internet: Awaited<ReturnType<typeof startInternet>>;
  let place: Stage;
  let folder: string;
  let answer: (request: ApiRequest) => ApiResponse | undefined = () => undefined;
  const doctor = (...args: string[]) => kn(place, ["doctor", "--probe", "--check", "canary", ...args]);
  /** In a namespace that stays: statuses of the hops, in their order, and the cause. */
  const walk = async (at: Stage = place, ...args: string[]) => {
    const there = ["--probe-namespace", "theirs", "--format", "json", ...args];
    const { code, stdout } = await kn(at, ["doctor", "--probe", "--check", "canary", ...there]);
    const { causes, findings } = JSON.parse(stdout) as Line;
    const hops = HOPS.map((id) => findings.find((one) => one.id === id));
    return { code, statuses: hops.map((one) => one?.status), leads: causes.map(({ id }) => id), findings: hops };
  };
  const left = (): readonly (Obj | undefined)[] => [
    ...world.api.list(SERVICE.apiVersion, SERVICE.kind, NAMESPACE),
    ...world.api.list("v1", "Namespace").filter(({ metadata }) => metadata.name === NAMESPACE),
  ];
  const gone = () => expect.poll(left, { timeout: patient(5_000) }).toEqual([]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-canary-"));
    internet = await startInternet({ zones: ["example.com"] });
    world = await stage({
      onRequest: (request) => answer(request),
      pull: (image) => (image === ABSENT ? "not found: manifest unknown" : undefined),
    });
    place = { ...world, internet };
    const { code, stderr } = await kn({ ...place, standIns: true }, [...INSTALL, "--domain", "apps.example.com"]);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    await world.api.create("test", { apiVersion: "v1", kind: "Namespace", metadata: { name: "theirs" } });
  }, patient(60_000));
  afterAll(async () => {
    await world?.close();
    await internet?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("walks the whole way, says how long each part took, and leaves nothing", async () => {
    const { code, stdout } = await doctor("-v");
    expect(code, stdout).toBe(0);
    const words = stdout.replaceAll(/\s+/g, " ");
    for (const said of [
      /canary\.ready: ready after [\d.]+ m?s/,
      /canary\.gateway: 3scale-kourier-gateway-\S+ redirects to https within \d+ ms/,
      /canary\.service: Service kourier-system\/kourier \([\d.]+\) redirects to https within/,
      /canary\.address: 127\.0\.0\.1 answers within/,
      /canary\.name: 127\.0\.0\.1 answers within/,
    ])
      expect(words).toMatch(said);
    await gone();
  });

  it("gives the same again from what it has kept, in every form, without a cluster", async () => {
    const file = join(folder, "walk.json");
    const saved = await doctor("--save", file, "-v");
    expect(await readFile(file, "utf8")).not.toMatch(/PRIVATE KEY/);
    const nowhere = { kubeconfig: join(folder, "none") };
    for (const format of ["text", "short", "json", "junit", "markdown", "sarif"]) {
      const again = () => kn(nowhere, ["doctor", "--from", file, "--check", "canary", "--format", format, "-v"]);
      const [first, second] = [await again(), await again()];
      expect(first).toEqual(second);
      expect(first.code).toBe(saved.code);
      // The last line says how long it took.
      const lines = (text: string) => text.split("\n").slice(0, -2);
      if (format === "text") expect(lines(first.stdout)).toEqual(lines(saved.stdout));
    }
  });

  it("does not count where nobody asks for it", async () => {
    const { stdout } = await kn(place, ["doctor", "-v"]);
    expect(stdout).not.toMatch(/canary\./);
  });

  const carried = (status: number): ApiResponse => ({ status, body: "", headers: { server: "envoy" } });
  const refused = (message: string): ApiResponse => ({
    status: 503,
    body: { kind: "Status", apiVersion: "v1", status: "Failure", reason: "ServiceUnavailable", code: 503, message },
  });
  const closed = new Map([
    [80, 1],
    [443, 1],
  ]);
  const BROKEN: Readonly<Record<string, () => Promise<{ readonly words: RegExp } & Awaited<ReturnType<typeof walk>>>>> =
    {
      "canary.ready": async () => ({
        ...(await walk(place, "--probe-image", ABSENT)),
        words: /cannot get its image: 404 from registry\.example\.com \(manifest unknown\)/,
      }),
      "canary.gateway": async () => {
        answer = ({ path }) => (/\/pods\/3scale[^/]*\/proxy/.test(path) ? carried(404) : undefined);
        return {
          ...(await walk()),
          words: /pod kourier-system\/3scale-\S+ answers 404 for probe-theirs\.apps/,
        };
      },
      "canary.service": async () => {
        answer = ({ path }) =>
          path.includes("/services/kourier:80/proxy")
            ? refused('no endpoints available for service "kourier"')
            : undefined;
        return { ...(await walk()), words: /Service kourier-system\/kourier does not answer: no endpoints available/ };
      },
      "canary.address": async () => ({
        ...(await walk({ ...place, connectTo: closed })),
        words: /127\.0\.0\.1 does not answer: .*ECONNREFUSED/,
      }),
      "canary.name": async () => {
        const other = await startInternet({ zones: ["example.com"] });
        try {
          return { ...(await walk({ ...place, internet: other })), words: /has no address in the DNS/ };
        } finally {
          await other.close();
        }
      },
    };
  it.each(HOPS)("names the first part of the way that is broken: %s", async (id) => {
    const { code, statuses, leads, findings, words } = (await BROKEN[id]?.()) ?? expect.fail(`nothing breaks ${id}`);
    answer = () => undefined;
    const index = HOPS.indexOf(id);
    expect(leads).toEqual([id]);
    expect(findings[index]?.summary).toMatch(words);
    expect(statuses).toEqual(HOPS.map((_, at) => (at < index ? "ok" : at === index ? "fail" : "skipped")));
    expect(code).toBe(1);
  });

  it.each([
    ["the API server reaches no pods", "pods/3scale", refused("error trying to reach service: dial tcp: i/o timeout")],
    ["something else answers", "pods/3scale", { status: 404, body: "<html>", headers: { server: "nginx" } }],
    ["the account may not", "services/kourier", { ...refused("services/proxy is forbidden"), status: 403 }],
  ])("is not red for what it cannot see from here: %s", async (_what, path, instead) => {
    answer = (request) => (request.path.includes(path) && request.path.includes("/proxy") ? instead : undefined);
    const { code, statuses, leads } = await walk();
    answer = () => undefined;
    expect({ code, leads }).toEqual({ code: 3, leads: [] });
    expect(statuses.filter((status) => status === "unknown")).toHaveLength(1);
    expect(statuses.filter((status) => status === "fail")).toEqual([]);
  });

  it("takes it away on an interrupt", async () => {
    for (const [name, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const stop = new AbortController();
      answer = ({ method, path }) => {
        if (method === "PATCH" && path.endsWith(`/${NAMESPACE}/services/probe`))
          setTimeout(() => stop.abort(new Interrupted(name)), 20);
        return undefined;
      };
      const outcome = await kn(place, ["doctor", "--probe"], { signal: stop.signal });
      answer = () => undefined;
      expect(outcome.code).toBe(code);
      await gone();
    }
  });

  const leave = (holder: string) =>
    kn(place, ["doctor", "--probe", "--check", "canary.ready"], { holder: { name: holder } });
  /** As a run that is killed leaves it: what removes it never arrives. */
  const killed = async (holder: string) => {
    answer = ({ method, path }) =>
      method === "DELETE" && (path.endsWith("/services/probe") || path.endsWith(`/namespaces/${NAMESPACE}`))
        ? { ...refused("no"), status: 403 }
        : undefined;
    const outcome = await leave(holder);
    answer = () => undefined;
    expect(left().length).toBe(2);
    return outcome;
  };

  it("says what it could not take away, leaves another's alone, and removes what a killed one has left", async () => {
    const first = await killed("elsewhere/1/a");
    expect(first.stderr.replaceAll(/\s+/g, " ")).toMatch(/could not be removed: .*The next doctor --probe removes it/);
    const busy = await doctor();
    expect(busy.code).toBe(3);
    expect(busy.stdout.replaceAll(/\s+/g, " ")).toMatch(/Another doctor \(elsewhere\/1\/a\) asks/);
    expect(left().length).toBe(2);
    dead.add("elsewhere/1/a");
    expect((await doctor()).code).toBe(0);
    await gone();
  });

  it("makes nothing without the rights, and prints the ClusterRole", async () => {
    const kubeconfig = join(folder, "looker");
    const theirs = await readFile(world.kubeconfig, "utf8");
    await writeFile(kubeconfig, theirs.replace(/( +)token: .*/, "$&\n$1as: looker"), { mode: 0o600 });
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view-all" };
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }];
    const subjects = [{ kind: "User", name: "looker", apiGroup: "rbac.authorization.k8s.io" }];
    for (const object of [
      { kind: "ClusterRole", metadata: { name: "view-all" }, rules },
      { kind: "ClusterRoleBinding", metadata: { name: "view-all" }, roleRef, subjects },
    ])
      await world.api.create("test", { apiVersion: "rbac.authorization.k8s.io/v1", ...object });
    const { code, stdout } = await kn({ ...place, kubeconfig }, ["doctor", "--probe", "--check", "canary", "-v"]);
    expect(code).toBe(3);
    const words = stdout.replaceAll(/\s+/g, " ");
    expect(words).toMatch(
      /looker may not create, patch, delete namespaces, .*kind: ClusterRole .*name: kn-bootstrap-doctor-probe .*"pods\/proxy"/,
    );
    expect(left()).toEqual([]);
  });

  it("goes into a namespace that is there, and leaves that alone", async () => {
    expect((await walk()).code).toBe(0);
    expect(world.api.get({ apiVersion: "v1", kind: "Namespace", name: "theirs" })).toBeDefined();
    await expect.poll(() => world.api.list(SERVICE.apiVersion, SERVICE.kind, "theirs")).toEqual([]);
  });

  it("is known to uninstall, which takes what a killed one has left", async () => {
    await killed("elsewhere/2/a");
    const { code, stderr } = await kn(place, ["uninstall", "--yes", "--keep-records"]);
    expect(code, stderr).toBe(0);
    await gone();
  });
});

describe.runIf(isThorough)("doctor --probe, elsewhere", { timeout: patient(60_000) }, () => {
  const TLS = ["--tls", "self-signed"];
  it.each([
    ["Istio", ["--ingress", "istio", ...TLS], {}],
    ["Istio with a mesh", ["--ingress", "istio", "--mesh", ...TLS], {}],
    ["plain http", ["--tls", "none"], {}],
    ["node ports", ["--expose", "nodeport", "--address", "127.0.0.1", ...TLS], {}],
    ["kind", ["--expose", "nodeport", ...TLS], { nodePortFront: "kind" as const }],
  ])("walks the whole way: %s", async (_what, options, cluster) => {
    const internet = await startInternet({ zones: ["example.com"] });
    const world = await stage(cluster);
    try {
      const place = { ...world, internet, standIns: true };
      const dns = ["--dns", "route53", "--domain", "apps.example.com"];
      const installed = await kn(place, ["install", "--yes", "--skip-checks", "proof.zero", ...dns, ...options]);
      expect(installed.code, installed.stderr).toBe(0);
      const { code, stdout } = await kn(place, ["doctor", "--probe", "--check", "canary"]);
      expect(stdout.match(/^. (?=canary)/gm), stdout).toEqual(HOPS.map(() => "✓ "));
      expect(code).toBe(0);
    } finally {
      await world.close();
      await internet.close();
    }
  });
});
