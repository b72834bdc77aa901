import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Obj, Ref } from "../../src/sandbox/types.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";

const INSTALL = ["install", "--yes", "--skip-checks", "proof.zero", "--tls", "self-signed", "--dns", "magic"];
const WIDE = { env: { COLUMNS: "200" } };
const NETWORK: Ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-network" };
const LEFT: Obj = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "left.example.com" },
  webhooks: [
    {
      name: "left.example.com",
      clientConfig: { service: { namespace: "gone", name: "hook" } },
      rules: [{ apiGroups: ["example.com"], apiVersions: ["v1"], resources: ["things"], operations: ["CREATE"] }],
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
    },
  ],
};

describe("doctor --fix, at a cluster that was rehearsed", { timeout: patient(60_000) }, () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-fix-"));
    world = await stage();
    expect(await kn({ ...world, standIns: true }, INSTALL)).toMatchObject({ code: 0 });
  }, patient(60_000));
  afterAll(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const breakIt = async () => {
    await world.api.update("kubectl-edit", NETWORK, (draft) => {
      draft.data["ingress-class"] = "contour.ingress.networking.knative.dev";
      draft.data["ingress.class"] = "istio.ingress.networking.knative.dev";
    });
    await world.api.create("kubectl-create", structuredClone(LEFT));
  };
  const data = () => world.api.get(NETWORK)?.data as Record<string, string>;

  it("says that there is nothing to do where all is well", async () => {
    const { code, stdout, stats } = await kn(world, ["doctor", "--fix"]);
    expect({ code, writes: stats.writes }).toEqual({ code: 0, writes: 0 });
    expect(stdout).toMatch(/all is well/);
  });

  it("shows the plan and what would be left, of a recording too, and changes nothing unless it is agreed on", async () => {
    await breakIt();
    const asked = await kn(world, ["doctor", "--fix"], WIDE);
    expect({ code: asked.code, writes: asked.stats.writes }).toEqual({ code: 2, writes: 0 });
    expect(asked.stdout).toMatch(/✗ network\.class: /);
    expect(asked.stdout).toMatch(/Mend network\.class\n {2}~ ConfigMap knative-serving\/config-network\n/);
    expect(asked.stdout).toMatch(/ {2}- ValidatingWebhookConfiguration left\.example\.com\n/);
    expect(asked.stdout).toMatch(/Tried on what was read: then 0 problems are left\./);

    const file = join(folder, "broken.json");
    await kn(world, ["doctor", "--save", file]);
    const kept = await kn({ kubeconfig: "/none" }, ["doctor", "--from", file, "--fix"], WIDE);
    expect(kept.code).toBe(1);
    const planned = (text: string) => text.slice(text.indexOf("Mend "), text.indexOf("Tried on"));
    expect(planned(kept.stdout)).toBe(planned(asked.stdout));
  });

  it("asks for the right to do it first", async () => {
    const api = "rbac.authorization.k8s.io/v1";
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }];
    const subjects = [{ kind: "User", name: "looker", apiGroup: "rbac.authorization.k8s.io" }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "looker" };
    await world.api.create("test", { apiVersion: api, kind: "ClusterRole", metadata: { name: "looker" }, rules });
    const binding = { apiVersion: api, kind: "ClusterRoleBinding", metadata: { name: "looker" }, subjects, roleRef };
    await world.api.create("test", binding);
    const kubeconfig = join(folder, "looker");
    const theirs = await readFile(world.kubeconfig, "utf8");
    await writeFile(kubeconfig, theirs.replace(/( +)token: .*/, "$&\n$1as: looker"), { mode: 0o600 });
    const { code, stderr, stats } = await kn({ ...world, kubeconfig }, ["doctor", "--fix", "--yes"], WIDE);
    expect({ code, writes: stats.writes }).toEqual({ code: 1, writes: 0 });
    await world.api.remove({ apiVersion: api, kind: "ClusterRoleBinding", name: "looker" });
    expect(stderr.replace(/\s+/g, " ")).toMatch(
      /may not delete .* left\.example\.com; patch configmaps config-network in knative-serving; .*Nothing was changed/,
    );
  });

  it("does it, looks again, and leaves the rest of the objects as it was", async () => {
    const before = data();
    const { code, events } = await kn(world, ["doctor", "--fix", "--yes", "-o", "json"]);
    expect(code).toBe(0);
    const looks = events.filter(({ type }) => type === "doctor");
    expect(looks).toMatchObject([{ verdict: "fail", forecast: { left: [], later: [] } }, { verdict: "ok" }]);
    const { "ingress.class": _older, ...kept } = before;
    expect(data()).toEqual({ ...kept, "ingress-class": "kourier.ingress.networking.knative.dev" });
    // What it wrote does not stand in the way of an install.
    const plan = ["plan", "--exit-code", "--skip-checks", "proof.zero"];
    expect(await kn({ ...world, standIns: true }, plan)).toMatchObject({ code: 0 });
    const other = await kn({ ...world, standIns: true }, [...plan, "--ingress", "istio"], WIDE);
    expect(other.stdout).toMatch(/\.data\.ingress-class: .* → "istio/);
    expect(other.stdout).not.toMatch(/belongs to/);
  });
});
