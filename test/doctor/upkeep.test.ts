import { describe, expect, it } from "vitest";
import { knativeCrdsEstablished } from "../../src/checks/crds.ts";
import { serverVersionFound } from "../../src/checks/preflight.ts";
import { nodesDrain } from "../../src/checks/upkeep/drain.ts";
import { objectsGo } from "../../src/checks/upkeep/going.ts";
import { jobsEnded } from "../../src/checks/upkeep/jobs.ts";
import { storedVersionsCurrent } from "../../src/checks/upkeep/stored-versions.ts";
import { nextFits, supported } from "../../src/checks/upkeep/support.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { findingOf, object } from "./scene.ts";

const knative = (version: string) =>
  object("Namespace", "knative-serving", {}, { labels: { "app.kubernetes.io/version": version } });
const openShift = object("ClusterVersion.config.openshift.io/v1", "version");
const of = (knativeVersion: string, version: string, now: string, ...more: readonly KubeObject[]) => ({
  objects: [knative(knativeVersion), ...more],
  version,
  now,
});

describe("knative.support and knative.next", () => {
  it("warns from the day after the last one, and of minors from before the dates", async () => {
    expect(await findingOf(of("1.22.1", "1.35.0", "2026-11-03T23:00:00Z"), supported)).toMatchObject({ status: "ok" });
    const ended = await findingOf(of("1.22.1", "1.35.0", "2026-11-04T00:00:00Z"), supported);
    expect(ended).toMatchObject({ status: "warn", summary: "support of Knative 1.22 ended on 2026-11-03" });
    expect("remedy" in ended && ended.remedy.text).toMatch(/can run 1\.23/);
    const old = await findingOf(of("1.0.2", "1.20.1", "2026-11-04T00:00:00Z"), supported);
    expect(old).toMatchObject({ status: "warn", summary: "support of Knative 1.0 ended long ago" });
    expect("remedy" in old && old.remedy.text).toMatch(/Upgrade Kubernetes first/);
  });

  it("says nothing of releases that it does not know, and of Red Hat's", async () => {
    for (const check of [supported, nextFits]) {
      expect(await findingOf(of("1.99.0", "1.35.0", "2099-01-01T00:00:00Z"), check)).toMatchObject({
        status: "skipped",
      });
      expect(await findingOf(of("1.21.0", "1.29.0", "2099-01-01T00:00:00Z", openShift), check)).toMatchObject({
        status: "skipped",
      });
    }
  });

  it("warns of a server that cannot run the next one when that is soon needed", async () => {
    const early = await findingOf(of("1.23.0", "1.34.1", "2026-10-01T00:00:00Z"), nextFits);
    expect(early).toMatchObject({ status: "ok", summary: expect.stringMatching(/1\.24 needs Kubernetes 1\.35/) });
    const late = await findingOf(of("1.23.0", "1.34.1", "2027-01-01T00:00:00Z"), nextFits);
    expect(late).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(/1\.34\.1; support of 1\.23 ends on/),
    });
    expect(await findingOf(of("1.23.0", "1.35.0", "2027-01-01T00:00:00Z"), nextFits)).toMatchObject({ status: "ok" });
    expect(await findingOf(of("1.21.3", "1.33.0", "2026-11-30T00:00:00Z"), nextFits)).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(/1\.22 needs Kubernetes 1\.34/),
    });
  });
});

describe("cluster.version", () => {
  const controller = object("Deployment.apps/v1", "knative-serving/controller", {
    spec: { template: { spec: { containers: [{ env: [{ name: "KUBERNETES_MIN_VERSION", value: "1.29.0" }] }] } } },
  });
  it("does not call red what runs because its check was silenced: Red Hat ships it so, others are warned", async () => {
    const now = "2026-11-30T00:00:00Z";
    expect(await findingOf(of("1.21.3", "1.29.3", now), serverVersionFound)).toMatchObject({ status: "fail" });
    expect(await findingOf(of("1.21.3", "1.29.3", now, controller), serverVersionFound)).toMatchObject({
      status: "warn",
    });
    expect(await findingOf(of("1.21.3", "1.28.3", now, controller), serverVersionFound)).toMatchObject({
      status: "fail",
    });
    expect(await findingOf(of("1.21.3", "1.29.3", now, controller, openShift), serverVersionFound)).toMatchObject({
      status: "ok",
    });
  });
});

describe("cluster.drain", () => {
  const pod = (name: string) =>
    object(
      "Pod",
      `knative-serving/${name}`,
      { spec: { nodeName: "a" }, status: { phase: "Running" } },
      { labels: { app: "activator" } },
    );
  const budget = (pods: number, allowed: number, healthy = pods) =>
    object("PodDisruptionBudget.policy/v1", "knative-serving/activator-pdb", {
      spec: { minAvailable: "80%", selector: { matchLabels: { app: "activator" } } },
      status: { expectedPods: pods, currentHealthy: healthy, desiredHealthy: pods, disruptionsAllowed: allowed },
    });
  const node = (unschedulable: boolean) => object("Node", "a", { spec: { unschedulable } });

  it("is quiet about the release's own budget with one pod until its node is to be drained", async () => {
    expect(await findingOf({ objects: [budget(1, 0), pod("a"), node(false)] }, nodesDrain)).toMatchObject({
      status: "ok",
      summary: expect.stringMatching(/^no node is being drained.*activator-pdb guards a single pod/),
    });
    expect(await findingOf({ objects: [budget(1, 0), pod("a"), node(true)] }, nodesDrain)).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(/^node a cannot be drained: .*activator-pdb/),
      remedy: {
        command: `kubectl patch poddisruptionbudget activator-pdb -n knative-serving --type merge -p '{"spec":{"minAvailable":null,"maxUnavailable":1}}'`,
      },
    });
  });

  it("names one that lets none of several go; not while pods are missing, and not somebody else's", async () => {
    const three = [pod("a"), pod("b"), pod("c"), node(false)];
    expect(await findingOf({ objects: [budget(3, 0), ...three] }, nodesDrain)).toMatchObject({ status: "warn" });
    expect(await findingOf({ objects: [budget(3, 1), ...three] }, nodesDrain)).toMatchObject({ status: "ok" });
    expect(await findingOf({ objects: [budget(3, 0, 2), ...three] }, nodesDrain)).toMatchObject({ status: "ok" });
    const elsewhere = [budget(3, 0), ...three].map((one) => ({
      ...one,
      metadata: { ...one.metadata, ...(one.kind === "Node" ? {} : { namespace: "shop" }) },
    }));
    expect(await findingOf({ objects: elsewhere }, nodesDrain)).toMatchObject({ status: "ok" });
  });

  it("sends to the operator's object where the operator writes the budget", async () => {
    const operator = object("KnativeServing.operator.knative.dev/v1beta1", "knative-serving/knative-serving");
    const kept = { ...budget(3, 0) };
    kept.metadata = {
      ...kept.metadata,
      ownerReferences: [{ apiVersion: "operator.knative.dev/v1beta1", kind: "KnativeServing", name: "x", uid: "x" }],
    };
    expect(await findingOf({ objects: [kept, pod("a"), pod("b"), pod("c"), operator] }, nodesDrain)).toMatchObject({
      remedy: { command: expect.stringMatching(/^kubectl patch knativeserving .*"minAvailable":2/) },
    });
  });
});

describe("crds.established and crds.stored-versions", () => {
  const definition = (name: string, stored: readonly string[]) =>
    object(
      "CustomResourceDefinition.apiextensions.k8s.io/v1",
      name,
      {
        spec: { versions: [{ name: "v1alpha1" }, { name: "v1beta1", storage: true }] },
        status: { storedVersions: stored, conditions: [{ type: "Established", status: "True" }] },
      },
      { labels: { "app.kubernetes.io/version": "1.11.6" } },
    );

  it("names the Jobs of the release whose definition it is", async () => {
    const mapping = "domainmappings.serving.knative.dev";
    expect(await findingOf({ objects: [definition(mapping, ["v1beta1"])] }, storedVersionsCurrent)).toMatchObject({
      status: "ok",
    });
    expect(
      await findingOf({ objects: [definition(mapping, ["v1alpha1", "v1beta1"])] }, storedVersionsCurrent),
    ).toMatchObject({
      status: "warn",
      summary: `${mapping} may have objects stored as v1alpha1; v1beta1 is current`,
      remedy: { command: expect.stringMatching(/^kubectl create -f \S+knative-v1\.11\.6\/serving-post-install-jobs/) },
    });
  });

  it("misses what every release has, also where none is there", async () => {
    const finding = await findingOf({ objects: [] }, knativeCrdsEstablished);
    expect(finding).toMatchObject({ status: "fail", summary: expect.stringMatching(/does not exist/) });
  });
});

describe("knative.jobs", () => {
  const job = (name: string, started: string, conditions: readonly object[] = []) =>
    object(
      "Job.batch/v1",
      `knative-serving/${name}`,
      { status: { conditions } },
      { labels: { app: "migration" }, creationTimestamp: started },
    );
  const complete = [{ type: "Complete", status: "True" }];
  const failed = [{ type: "Failed", status: "True", message: "BackoffLimitExceeded" }];

  it("warns of one that failed or does not end, and judges the newest of each", async () => {
    expect(await findingOf({ objects: [job("a", "2026-11-30T11:55:00Z")] }, jobsEnded)).toMatchObject({ status: "ok" });
    expect(await findingOf({ objects: [job("a", "2026-11-30T11:00:00Z")] }, jobsEnded)).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(/a has not ended since/),
      remedy: { command: "kubectl logs job/a -n knative-serving" },
    });
    expect(await findingOf({ objects: [job("a", "2026-11-29T00:00:00Z", failed)] }, jobsEnded)).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(/BackoffLimitExceeded/),
    });
    const again = [job("a", "2026-11-28T00:00:00Z", failed), job("b", "2026-11-29T00:00:00Z", complete)];
    expect(await findingOf({ objects: again }, jobsEnded)).toMatchObject({ status: "ok" });
  });

  it("says why its pod does not run", async () => {
    const pod = object(
      "Pod",
      "knative-serving/a-1",
      {
        status: {
          containerStatuses: [
            {
              name: "migrate",
              image: "gcr.io/knative-releases/migrate",
              state: {
                waiting: {
                  reason: "ImagePullBackOff",
                  message: "toomanyrequests: quota exceeded",
                },
              },
            },
          ],
        },
      },
      { labels: { "job-name": "a" } },
    );
    expect(await findingOf({ objects: [job("a", "2026-11-30T11:00:00Z"), pod] }, jobsEnded)).toMatchObject({
      status: "warn",
      summary: "Job knative-serving/a: ImagePullBackOff: 429 from gcr.io (too many pulls)",
    });
  });
});

describe("knative.terminating", () => {
  it("names what holds it and who takes that away", async () => {
    const going = (since: string) =>
      object(
        "Ingress.networking.internal.knative.dev/v1alpha1",
        "default/hello",
        {},
        { deletionTimestamp: since, finalizers: ["ingresses.networking.internal.knative.dev"] },
      );
    expect(await findingOf({ objects: [going("2026-11-30T11:58:00Z")] }, objectsGo)).toMatchObject({ status: "ok" });
    const finding = await findingOf({ objects: [going("2026-11-30T10:00:00Z")] }, objectsGo);
    expect(finding).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/Ingress default\/hello .* held by finalizer ingresses\.networking/),
      remedy: {
        text: expect.stringMatching(/the ingress controller of its class/),
        command: `kubectl patch ingress.networking.internal.knative.dev hello -n default --type merge -p '{"metadata":{"finalizers":null}}'`,
      },
    });
  });
});
