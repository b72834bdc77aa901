import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { certificatesReady, secretOfRoute } from "../../src/certificates/cert-manager/chain.ts";
import { certManagerAnswers, issuerReady } from "../../src/certificates/cert-manager/checks.ts";
import { applyChange } from "../../src/changes/apply.ts";
import { challengesIn } from "../../src/changes/challenges.ts";
import { type Change, subjectOf } from "../../src/changes/index.ts";
import { planStep } from "../../src/changes/plan.ts";
import type { Step } from "../../src/changes/step.ts";
import type { StepPlan } from "../../src/core/change.ts";
import type { Check, ReadContext } from "../../src/core/check.ts";
import { runCheck } from "../../src/core/wait.ts";
import { dnsProvider } from "../../src/dns/index.ts";
import { ingressProvider } from "../../src/ingress/index.ts";
import { stepSnapshot } from "../../src/kube/snapshot.ts";
import { until as untilCheck } from "../../src/kube/watching.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { Refused } from "../../src/sandbox/cert-manager/index.ts";
import { isTrue } from "../../src/sandbox/objects.ts";
import { standInObjects } from "../../src/sandbox/stand-ins/index.ts";
import type { World } from "../../src/sandbox/world.ts";
import { certManager, clusterIssuer, routeTls } from "../../src/steps/cert-manager/index.ts";
import type { Installation } from "../../src/steps/installation.ts";
import { objectsOf } from "../../src/steps/part.ts";
import { tidy } from "../../src/steps/serving/transforms.ts";
import {
  acme,
  applyCertManager,
  applyIssuer,
  type Ca,
  createCa,
  restart,
  start,
  untilAnswers,
} from "../sandbox/cert-manager-scene.ts";
import { apply, config, hasReleases, hello, knative, release, until } from "../sandbox/install.ts";
import { installSmall, set } from "../sandbox/small-install.ts";

interface Scene {
  readonly world: World;
  readonly ca: Ca;
  readonly cluster: Cluster;
  readonly ctx: ReadContext;
  readonly close: () => Promise<void>;
}

const scenes: Scene[] = [];
afterEach(async () => {
  await Promise.all(scenes.splice(0).map((scene) => scene.close()));
});

const open = async (): Promise<Scene> => {
  const ca = await createCa();
  const world = await start({ certManager: ca });
  const folder = mkdtempSync(join(tmpdir(), "cert-manager-"));
  writeFileSync(join(folder, "kubeconfig"), world.kubeconfig);
  const cluster = openCluster(await loadKubeconfig({ env: {}, path: join(folder, "kubeconfig") }));
  rmSync(folder, { recursive: true });
  const signal = new AbortController().signal;
  const probe = () => Promise.reject(new Error("not asked"));
  const ctx: ReadContext = { cluster, probe, now: () => new Date(), signal };
  const close = async (): Promise<void> => {
    cluster.close();
    await world.close();
  };
  const scene = { world, ca, cluster, ctx, close };
  scenes.push(scene);
  return scene;
};

const summary = async (check: Check, { ctx }: Scene): Promise<string> => (await runCheck(check, ctx)).summary;

const wish = {
  manifests: {
    // The release's own, where they are: the issuer must fit the schemas of its kinds.
    objects: new Map([
      [
        "cert-manager",
        (hasReleases
          ? (release("cert-manager/1.18.0/cert-manager.yaml") as unknown as KubeObject[])
          : (standInObjects("cert-manager", "1.18.0", "cert-manager.yaml") as unknown as KubeObject[])
        ).map(tidy),
      ],
    ]),
    versions: { "cert-manager": "1.18.0" },
  },
  issuer: {
    directory: "https://ca.example.com/directory",
    domain: "example.com",
    external: { kid: "k", hmacKey: "aGk" },
    profile: "tlsserver",
    dns: await dnsProvider("rfc2136")?.solver?.(
      { RFC2136_NAMESERVER: "192.0.2.53", RFC2136_TSIG_KEY: "k", RFC2136_TSIG_SECRET: "c2VjcmV0" },
      undefined,
    ),
  },
} as unknown as Installation;

const installation = {
  config: { http: "redirect" },
  ingress: ingressProvider("kourier"),
  manifests: { key: (name: string) => name, setting: () => ({ configMap: "config-kourier" }), objects: new Map() },
} as unknown as Installation;

const plan = (step: Step, { cluster }: Scene): Promise<StepPlan> =>
  planStep(step, { goal: "present", live: stepSnapshot(cluster), now: () => new Date(), cluster }, "settled");

/** Plans, applies and waits, as a run does. */
const carryOut = async (step: Step, scene: Scene): Promise<StepPlan> => {
  const planned = await plan(step, scene);
  for (const change of planned.changes)
    await applyChange(change, {
      cluster: scene.cluster,
      challenges: challengesIn(undefined),
      issue: async () => {},
      settleAccount: async () => {},
      onWaiting: () => {},
      takeOwnership: false,
      remember: async () => {},
      now: () => new Date(),
      signal: scene.ctx.signal,
    });
  for (const check of step.verify) {
    const finding = await untilCheck(check, scene.ctx, { timeoutMs: 10_000, onReason: () => {} });
    expect(finding, check.id).toMatchObject({ status: "ok" });
  }
  return planned;
};

describe("the steps", () => {
  it("install cert-manager, make its issuer, let Knative ask, and find nothing to do the second time", async () => {
    const scene = await open();
    const { world, ca } = scene;
    await installSmall(world);
    await apply(world, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "config-certmanager", namespace: "knative-serving" },
    });
    const steps = [certManager(wish), clusterIssuer(wish), routeTls(installation)];
    for (const step of steps) expect((await carryOut(step, scene)).changes.length, step.id).toBeGreaterThan(0);
    for (const step of steps) expect((await plan(step, scene)).changes, step.id).toEqual([]);

    await apply(world, hello());
    await until(world, "hello Ready", () => isTrue(world.api.get(knative("Service", "hello")), "Ready"));
    expect(world.api.get(knative("Service", "hello"))?.status.url).toBe("https://hello.default.example.com");
    expect(await summary(certificatesReady("default", "hello"), scene)).toBe("hello.default.example.com");
    const secret = await secretOfRoute(scene.cluster, { namespace: "default", name: "hello" });
    expect((await scene.cluster.get(secret ?? { apiVersion: "v1", kind: "Secret", name: "" }))?.type).toBe(
      "kubernetes.io/tls",
    );
    expect(ca.orders[0]?.solverFor("hello.default.example.com")).toMatchObject({ key: { secret: "c2VjcmV0" } });
  });

  it("use a cert-manager that somebody else made as it is", async () => {
    const scene = await open();
    await applyCertManager(scene.world);
    const before = JSON.stringify(
      scene.world.api.list("apps/v1", "Deployment").map(({ spec, metadata }) => [spec, metadata.labels]),
    );
    const planned = await carryOut(
      certManager({ ...wish, manifests: { ...wish.manifests, objects: new Map() } }),
      scene,
    );
    expect(planned).toMatchObject({ changes: [], notes: [expect.stringContaining("somebody else made it")] });
    const after = scene.world.api.list("apps/v1", "Deployment").map(({ spec, metadata }) => [spec, metadata.labels]);
    expect(JSON.stringify(after)).toBe(before);
    await carryOut(clusterIssuer(wish), scene);
  });

  it("leave it in place while others use it", async () => {
    const scene = await open();
    await carryOut(certManager(wish), scene);
    const { cluster } = scene;
    const absent = async (): Promise<StepPlan<Change>> => {
      const kinds = (await cluster.resources()).filter(
        ({ verbs }) => verbs.includes("list") && verbs.includes("delete"),
      );
      const live = stepSnapshot(cluster);
      return planStep(certManager(wish), { goal: "absent", live, now: () => new Date(), cluster, kinds }, "settled");
    };
    const { changes } = await absent();
    const leases = changes.filter((change) => change.kind === "object" && change.object.kind === "Lease");
    // In kube-system, where no namespace takes them away.
    expect(leases.map(subjectOf)).toEqual([
      "Lease kube-system/cert-manager-cainjector-leader-election",
      "Lease kube-system/cert-manager-controller",
    ]);
    expect(changes).toHaveLength(objectsOf(wish, "cert-manager").length + leases.length);
    await applyIssuer(scene.world, { selfSigned: {} }, "theirs");
    expect(await absent()).toMatchObject({
      changes: [],
      notes: ["cert-manager stays: 1 ClusterIssuer would go with it."],
    });
  });
});

// On a busy machine a webhook is without endpoints for a moment after its pod is ready, and a write of the set-up meets that.
describe("the checks", { retry: 2 }, () => {
  const ready = certificatesReady("default", "hello");
  const settings = { "external-domain-tls": "Enabled", "http-protocol": "Redirected" };

  const prepare = async (scene: Scene): Promise<void> => {
    const { world } = scene;
    await Promise.all([installSmall(world), applyCertManager(world)]);
    await untilAnswers(world);
    const data = { issuerRef: "kind: ClusterIssuer\nname: kn-bootstrap\n" };
    const metadata = { name: "config-certmanager", namespace: "knative-serving" };
    await apply(world, { apiVersion: "v1", kind: "ConfigMap", metadata, data });
  };

  const eventually = async (scene: Scene, check: Check, pattern: RegExp): Promise<unknown> => {
    let last = await runCheck(check, scene.ctx);
    for (let tries = 0; tries < 100 && !pattern.test(last.summary); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      last = await runCheck(check, scene.ctx);
    }
    expect(last.summary).toMatch(pattern);
    return last;
  };

  it("tell each thing that stands between a Route and its certificate, deepest first", async () => {
    const scene = await open();
    const { world, ca } = scene;
    await prepare(scene);
    expect(await summary(certManagerAnswers, scene)).toBe("answers");
    expect(await summary(issuerReady, scene)).toBe("ClusterIssuer kn-bootstrap does not exist");
    await set(world, "config-network", settings);
    await apply(world, hello());
    const restarting = (await eventually(scene, ready, /Knative's controller does not ask cert-manager/)) as {
      remedy: object;
    };
    expect(restarting.remedy).toMatchObject({
      command: "kubectl rollout restart deployment controller -n knative-serving",
    });

    await restart(world);
    await eventually(scene, ready, /Referenced "ClusterIssuer" not found: .*"kn-bootstrap" not found/);
    await applyIssuer(world, {
      acme: { server: "https://nowhere/directory", privateKeySecretRef: { name: "account" } },
    });
    await eventually(scene, issuerReady, /Failed to register ACME account: .*no such host/);
    await eventually(scene, ready, /Referenced issuer does not have a Ready status condition/);

    let refuse = (): void => {};
    ca.before = (order) =>
      new Promise((_resolve, reject) => {
        order.tell({
          name: "hello.default.example.com",
          isWildcard: false,
          state: "pending",
          reason: "AccessDenied: not authorized to perform: route53:ChangeResourceRecordSets",
        });
        refuse = () => reject(new Refused("invalid", "403 urn:ietf:params:acme:error:caa"));
      });
    await applyIssuer(world, acme());
    const denied = await eventually(
      scene,
      ready,
      /^no certificate for hello\.default\.example\.com yet: the challenge for hello\.default\.example\.com is pending: AccessDenied/,
    );
    expect(denied).toMatchObject({ status: "fail", remedy: { command: "kn-bootstrap iam-policy" } });
    refuse();
    const failed = await eventually(scene, ready, /caa.*; cert-manager tries again at \d{4}-/);
    expect(failed).toMatchObject({
      remedy: { command: expect.stringMatching(/^kubectl delete certificate\.cert-manager\.io route-/) },
    });
    ca.before = async () => {};
    const name = world.api.list("cert-manager.io/v1", "Certificate", "default")[0]?.metadata.name ?? "";
    await world.api.remove({ apiVersion: "cert-manager.io/v1", kind: "Certificate", namespace: "default", name });
    await eventually(scene, ready, /^hello\.default\.example\.com$/);
  });

  it("say that Knative has not asked", async () => {
    const scene = await open();
    await prepare(scene);
    expect(await summary(ready, scene)).toBe("Knative has not asked for a certificate yet");
    expect(scene.world.api.get(config("config-network"))).toBeTruthy();
  });
});
