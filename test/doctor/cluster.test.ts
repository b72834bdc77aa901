import { describe, expect, it } from "vitest";
import { clocksAgree } from "../../src/checks/cluster/clock.ts";
import { operatorObeyed } from "../../src/checks/cluster/operator.ts";
import { admissionAnswered } from "../../src/checks/cluster/orphans.ts";
import { apisAvailable, nothingStuck } from "../../src/checks/cluster/terminating.ts";
import { versionsFit } from "../../src/checks/cluster/versions.ts";
import { webhookCertificateTrusted } from "../../src/checks/webhook-certificate.ts";
import { makeWebhookCertificates } from "../../src/sandbox/webhook-certificates.ts";
import { configMap, findingOf, KNATIVE, object } from "./scene.ts";

const ADMISSION = "admissionregistration.k8s.io/v1";

describe("cluster.admission", () => {
  const service = { namespace: "gone", name: "hook" };
  const configuration = (failurePolicy: string) =>
    object(`MutatingWebhookConfiguration.${ADMISSION}`, "left.example.com", {
      webhooks: [
        { name: "a", failurePolicy, clientConfig: { service } },
        { name: "b", clientConfig: { url: "https://x" } },
      ],
    });

  it("finds a webhook that is asked and gone, and one that is ignored when it is gone does no harm", async () => {
    const finding = await findingOf({ objects: [configuration("Fail")] }, admissionAnswered);
    expect(finding).toMatchObject({
      status: "fail",
      remedy: { command: "kubectl delete mutatingwebhookconfiguration left.example.com" },
    });
    expect(finding.summary).toMatch(/asks Service gone\/hook, which does not exist/);
    expect(await findingOf({ objects: [configuration("Ignore")] }, admissionAnswered)).toMatchObject({ status: "ok" });
    const there = object("Service", "gone/hook");
    expect(await findingOf({ objects: [configuration("Fail"), there] }, admissionAnswered)).toMatchObject({
      status: "ok",
    });
  });
});

describe("cluster.terminating and cluster.apis", () => {
  const going = (since: string) =>
    object(
      "Namespace",
      "old",
      {
        status: {
          conditions: [
            {
              type: "NamespaceFinalizersRemaining",
              status: "True",
              message: "knativeservings.operator.knative.dev in 1 resource instances",
            },
          ],
        },
      },
      { deletionTimestamp: since },
    );

  it("names a namespace that has been going away for long, and what holds it; one that has just begun is none", async () => {
    const finding = await findingOf({ objects: [going("2026-11-30T10:00:00Z")] }, nothingStuck);
    expect(finding.status).toBe("fail");
    expect(finding.summary).toMatch(/namespace old .* knativeservings\.operator\.knative\.dev/);
    expect(await findingOf({ objects: [going("2026-11-30T11:55:00Z")] }, nothingStuck)).toMatchObject({ status: "ok" });
  });

  it("names an API whose server is gone", async () => {
    const api = (status: string) =>
      object("APIService.apiregistration.k8s.io/v1", "v1beta1.metrics.k8s.io", {
        status: { conditions: [{ type: "Available", status, message: "endpoints not found" }] },
      });
    expect(await findingOf({ objects: [api("True")] }, apisAvailable)).toMatchObject({ status: "ok" });
    expect((await findingOf({ objects: [api("False")] }, apisAvailable)).summary).toMatch(
      /metrics.k8s.io is not available: endpoints/,
    );
  });
});

describe("knative.versions", () => {
  const of = (name: string, version: string) =>
    object(
      "Deployment.apps/v1",
      `knative-serving/${name}`,
      { spec: {} },
      { labels: { "app.kubernetes.io/version": version } },
    );
  const find = (...objects: ReturnType<typeof of>[]) => findingOf({ objects }, versionsFit);

  it("lets the network layer be a minor behind, and no more", async () => {
    expect(await find(of("controller", "1.23.0"), of("net-kourier-controller", "1.22.1"))).toMatchObject({
      status: "ok",
    });
    const finding = await find(of("controller", "1.23.0"), of("net-kourier-controller", "v1.20.1"));
    expect(finding).toMatchObject({ status: "fail" });
    expect(finding.summary).toMatch(/1\.23, and net-kourier-controller is v1\.20\.1/);
  });

  it("names what the release no longer has", async () => {
    expect(await find(of("controller", "1.14.0"), of("net-certmanager-controller", "1.14.0"))).toMatchObject({
      status: "ok",
    });
    expect(await find(of("controller", "1.15.0"), of("net-certmanager-controller", "1.14.0"))).toMatchObject({
      status: "fail",
      remedy: { command: "kubectl delete deployment net-certmanager-controller -n knative-serving" },
    });
  });
});

describe("serving.webhook-certificate", async () => {
  const [good, other] = await Promise.all([
    makeWebhookCertificates("webhook", "knative-serving"),
    makeWebhookCertificates("net-istio-webhook", "knative-serving"),
  ]);
  const secret = (data: object) => object("Secret", "knative-serving/webhook-certs", { data });
  const configuration = (caBundle: string | undefined) =>
    object(`ValidatingWebhookConfiguration.${ADMISSION}`, "config.webhook.serving.knative.dev", {
      webhooks: [
        {
          clientConfig: {
            service: { namespace: "knative-serving", name: "webhook" },
            ...(caBundle ? { caBundle } : {}),
          },
        },
      ],
    });
  const find = (data: object | undefined, caBundle?: string, now?: string) =>
    findingOf(
      { objects: [...KNATIVE, ...(data ? [secret(data)] : []), configuration(caBundle)], ...(now ? { now } : {}) },
      webhookCertificateTrusted,
    );

  it("holds when the configurations trust the root that the webhook has, or none yet", async () => {
    expect(await find(good, good["ca-cert.pem"])).toMatchObject({ status: "ok" });
    expect(await find(good)).toMatchObject({ status: "ok" });
  });

  it.each([
    ["no certificate", () => find({}), /holds no certificate/],
    ["another root", () => find(good, other["ca-cert.pem"]), /trusts another root/],
    ["another name", () => find(other, other["ca-cert.pem"]), /not for webhook\.knative-serving\.svc/],
    ["a date that is past", () => find(good, good["ca-cert.pem"], "2099-01-01T00:00:00Z"), /expired on/],
    ["no Secret", () => find(undefined), /does not exist/],
  ])("names %s", async (_what, look, words) => {
    const finding = await look();
    expect(finding.status).toBe("fail");
    expect(finding.summary).toMatch(words);
  });

  it("says whose image the webhook may run, where the certificate is another webhook's", async () => {
    const image = "registry.example.com/net-istio/webhook";
    const webhook = object("Deployment.apps/v1", "knative-serving/webhook", {
      spec: { template: { spec: { containers: [{ name: "webhook", image }] } } },
      status: { availableReplicas: 1 },
    });
    expect(await findingOf({ objects: [webhook, secret(other)] }, webhookCertificateTrusted)).toMatchObject({
      status: "fail",
      remedy: { text: expect.stringMatching(/one that net-istio-webhook makes.*net-istio\/webhook/) },
    });
  });
});

describe("cluster.clock", () => {
  const node = (lastHeartbeatTime: string) =>
    object("Node", "worker-1", { status: { conditions: [{ type: "Ready", status: "True", lastHeartbeatTime }] } });
  const minute = 60_000;
  it.each([
    ["nothing", [], undefined, "skipped", /does not say/],
    ["nearly the same", [node("2026-11-30T12:01:00Z")], 4 * minute, "ok", /./],
    ["that it is later", [], 90 * minute, "fail", /1 h 30 min behind the API server's/],
    ["that it is earlier", [], -10 * minute, "fail", /10 min ahead of the API server's/],
    ["that a node's is ahead", [node("2026-11-30T12:20:00Z")], 0, "fail", /Node worker-1 is 20 min ahead/],
    ["that a node has been silent", [node("2026-11-30T09:00:00Z")], 0, "ok", /./],
    ["of a node what follows from its own", [node("2026-11-30T12:05:30Z")], 4 * minute, "ok", /./],
  ])("goes by what the API server and the nodes say: %s", async (_what, objects, skewMs, status, summary) => {
    const scene = { objects, ...(skewMs === undefined ? {} : { skewMs }) };
    expect(await findingOf(scene, clocksAgree)).toMatchObject({ status, summary: expect.stringMatching(summary) });
  });
});

describe("knative.operator", () => {
  const NAME = "knative-serving/knative-serving";
  const own = (fields: object, metadata: object = {}) =>
    object("KnativeServing.operator.knative.dev/v1beta1", NAME, { ...fields }, { ...metadata });
  const program = (availableReplicas: number) =>
    object("Deployment.apps/v1", "knative-operator/knative-operator", { status: { availableReplicas } });
  const find = (...objects: ReturnType<typeof own>[]) =>
    findingOf({ objects: [...KNATIVE, ...objects] }, operatorObeyed);
  const refusing = (type: string, message: string, spec: object = {}) =>
    own({ spec, status: { version: "1.20.1", conditions: [{ type, status: "False", message }] } });
  const well = { status: { version: "1.23.0", conditions: [{ type: "Ready", status: "True" }] } };

  it("is about a Knative that the operator keeps, and holds where it runs", async () => {
    expect(await find()).toMatchObject({ status: "skipped" });
    expect(await find(own(well), program(1))).toMatchObject({ status: "ok", summary: "1.23.0" });
  });

  it("takes one minor after another", async () => {
    const object = refusing("VersionMigrationEligible", "not supported", { version: "1.23" });
    expect(await find(object, program(1))).toMatchObject({
      status: "fail",
      remedy: { command: expect.stringContaining('{"spec":{"version":"1.21"}}') },
    });
  });

  it("says what it waits for, and leaves a webhook that refuses it to that webhook's own finding", async () => {
    expect(await find(refusing("DependenciesInstalled", "please install istio"), program(1))).toMatchObject({
      status: "fail",
      remedy: { command: expect.stringContaining('"kourier":{"enabled":true}') },
    });
    expect(await find(refusing("InstallSucceeded", "failed calling webhook"), program(1))).toMatchObject({
      status: "warn",
    });
  });

  it("is warned of where nobody looks at its object, and wrong where something of it is not done", async () => {
    const open = own({ ...well, spec: { config: { network: { "ingress-class": "a" } } } });
    const network = configMap("config-network", { "ingress-class": "b" });
    expect(await find(own(well))).toMatchObject({ status: "warn" });
    expect(await find(own(well), program(0))).toMatchObject({ status: "warn" });
    expect(await find(open, network)).toMatchObject({ status: "fail" });
    // What a running operator has not taken back yet, or cannot see, is config.writers'.
    expect(await find(open, network, program(1))).toMatchObject({ status: "ok" });
    const red = object("ClusterVersion.config.openshift.io/v1", "version");
    expect(await find(own(well), red)).toMatchObject({ status: "ok" });
  });

  it("compares with what runs", async () => {
    const controller = object(
      "Deployment.apps/v1",
      "knative-serving/controller",
      {},
      { labels: { "app.kubernetes.io/version": "1.22.1" } },
    );
    expect(await findingOf({ objects: [own(well), program(1), controller] }, operatorObeyed)).toMatchObject({
      status: "warn",
      summary: expect.stringContaining("has installed 1.23.0, and the controller is 1.22.1"),
    });
    const contour = { ingress: { kourier: { enabled: true }, contour: { enabled: true } } };
    expect(await find(own({ ...well, spec: contour }), program(1))).toMatchObject({
      status: "warn",
      summary: expect.stringContaining("no net-contour-controller is here"),
    });
  });
});
