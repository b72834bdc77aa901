import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { probesArrive } from "../../src/checks/path/probes.ts";
import { servicesReady } from "../../src/checks/services.ts";
import { isRecord, type KubeObject } from "../../src/ports/object.ts";
import { hasRecording, type Recorded, recordedObjects, recordings } from "../sandbox/istio-recording.ts";
import { hasShared, sharedPath } from "../sandbox-api/shared.ts";
import { configMap, diagnosisOf, findingOf, KNATIVE, object, type Scene } from "./scene.ts";

/** What was recorded of real controllers, as scenes: the check that is about it has to lead. */

const ISTIO = configMap("config-network", { "ingress-class": "istio.ingress.networking.knative.dev" });
const NET_ISTIO = ["net-istio-controller", "net-istio-webhook"].map((name) =>
  object(
    "Deployment.apps/v1",
    `knative-serving/${name}`,
    { spec: { replicas: 1 }, status: { availableReplicas: 1, observedGeneration: 1, replicas: 1, updatedReplicas: 1 } },
    { labels: { "app.kubernetes.io/version": "1.23.0" } },
  ),
);
const labels = { istio: "ingressgateway" };
const ENTRANCE = object(
  "Service",
  "istio-system/istio-ingressgateway",
  { spec: { type: "LoadBalancer", ports: [{ port: 80 }] }, status: {} },
  { labels },
);

const caseOf = (name: string): Recorded => {
  const found = recordings.find((one) => one.case === name);
  if (!found) throw new Error(`there is no case ${name}`);
  return found;
};

/** The kingresses of a case as they stayed: those that are waited for. */
const waiting = (name: string): readonly KubeObject[] =>
  caseOf(name).observed.flatMap((one): readonly KubeObject[] => {
    const seen = one as unknown as Readonly<Record<string, unknown>>;
    if (seen.kind !== "kingress" || seen.type !== "ADDED") return [];
    const ingress = String(seen.name);
    return [
      object("Ingress.networking.internal.knative.dev/v1alpha1", `demo/${ingress}`, {
        spec: { rules: [{ hosts: [`${ingress}.demo.apps.example.com`] }] },
        status: { conditions: [{ type: "LoadBalancerReady", status: "Unknown", reason: "Uninitialized" }] },
      }),
    ];
  });

const sceneOf = (name: string, more: readonly KubeObject[] = []): Scene => ({
  objects: [
    ...KNATIVE.filter(({ metadata }) => metadata.name !== "net-kourier-controller"),
    ...NET_ISTIO,
    ISTIO,
    configMap("config-domain", { "apps.example.com": "" }),
    ENTRANCE,
    object("Service", "istio-system/knative-local-gateway"),
    object("Pod", "knative-serving/net-istio-controller-1", {}, { labels: { app: "net-istio-controller" } }),
    ...more,
  ],
  logs: ({ pod }) =>
    pod.startsWith("net-istio")
      ? caseOf(name)
          .controllerLog.map(({ message }) => JSON.stringify({ message }))
          .join("\n")
      : "",
});

const gatewayIn = (name: string, generation: string): KubeObject => {
  const found = recordedObjects[name]?.[`gateway/knative-serving/knative-ingress-gateway@generation${generation}`];
  if (!found) throw new Error(`case ${name} has no such Gateway`);
  return found.object as KubeObject;
};
const ksvc = (name: string) =>
  object("Service.serving.knative.dev/v1", `demo/${name}`, {
    status: {
      url: `http://${name}.demo.apps.example.com`,
      conditions: [{ type: "Ready", status: "Unknown", reason: "Uninitialized" }],
    },
  });

/** What is wrong, by check; without what such a small scene lacks. */
const failing = async (scene: Scene): Promise<readonly string[]> => {
  const { causes } = await diagnosisOf(scene);
  return causes
    .filter(({ finding }) => finding.status === "fail")
    .map(({ check }) => check.id)
    .filter((id) => /^(istio|kourier|ingress\.probes|services|network|mesh)/.test(id));
};

describe.skipIf(!hasRecording)("the real net-istio's troubles", () => {
  it.each([
    ["b-c-d", /does not know the host|nobody behind|earlier configuration|within a second/],
    ["e", /nothing listens/],
    ["g2", /closes the connection/],
  ])("are told by what its controller says of the probe: %s", async (name, means) => {
    const { status, summary } = await findingOf(sceneOf(name, waiting(name)), probesArrive);
    expect([status, summary]).toEqual(["fail", expect.stringMatching(means)]);
  });

  it("are led by the names on 443, where those are too few", async () => {
    const scene = sceneOf("g", [gatewayIn("g", "5"), ksvc("g-new"), ...waiting("g")]);
    expect((await failing(scene))[0]).toBe("istio.tls-names");
  });

  it("are led by the second Service with the gateway's labels", async () => {
    const second = object("Service", "demo/aaa-second", { spec: { type: "ClusterIP" } }, { labels });
    const gateway = object("Gateway.networking.istio.io/v1", "knative-serving/knative-ingress-gateway", {
      spec: { selector: labels, servers: [] },
    });
    const scene = sceneOf("j", [second, gateway, ksvc("j1"), ...waiting("j")]);
    expect((await failing(scene))[0]).toBe("istio.probed-service");
  });

  it("are led by the webhook that is left", async () => {
    const left = object(
      "MutatingWebhookConfiguration.admissionregistration.k8s.io/v1",
      "webhook.istio.networking.internal.knative.dev",
      { webhooks: [] },
    );
    const kourier = configMap("config-network", { "ingress-class": "kourier.ingress.networking.knative.dev" });
    const objects = [...KNATIVE, kourier, left];
    expect((await failing({ objects }))[0]).toBe("kourier.net-istio-webhook");
  });
});

const REAL = "conformance/real-install/objects.json";
const FAILURES = "conformance/real-install/ksvc-conditions.json";

describe.skipIf(!hasShared(REAL) || !hasShared(FAILURES))("a real install", () => {
  const objects = (): readonly KubeObject[] =>
    Object.values(JSON.parse(readFileSync(sharedPath(REAL), "utf8")) as object).filter(
      (one): one is KubeObject => isRecord(one) && isRecord(one.metadata),
    );

  it("has nothing wrong of what it keeps: Secrets and the world outside are left out of it", async () => {
    const { all } = await diagnosisOf({ objects: objects(), now: "2026-11-29T18:00:00Z" });
    const outside = /^(cluster\.capacity|certificate|serving\.webhook|crds|knative\.jobs|dns|renew|proof)/;
    const wrong = all.filter(
      ({ check, finding, because }) => finding.status === "fail" && !because && !outside.test(check.id),
    );
    expect(wrong.map(({ check, finding }) => `${check.id}: ${finding.summary}`)).toEqual([]);
  });

  it("has Services that did not become ready, each with its reason", async () => {
    const recorded = JSON.parse(readFileSync(sharedPath(FAILURES), "utf8")) as Readonly<
      Record<string, Readonly<Record<string, readonly { readonly conditions: readonly object[] }[]>>>
    >;
    const last = (kind: string, key: string) => recorded[kind]?.[key]?.at(-1)?.conditions ?? [];
    const kinds = { services: "Service", configurations: "Configuration", routes: "Route", revisions: "Revision" };
    const told = new Map<string, string>();
    for (const key of Object.keys(recorded.services ?? {})) {
      const [namespace = ""] = key.split("/");
      const made = Object.entries(kinds).flatMap(([plural, kind]) =>
        Object.keys(recorded[plural] ?? {})
          .filter((one) => one.startsWith(`${namespace}/`))
          .map((one) =>
            object(`${kind}.serving.knative.dev/v1`, one, {
              status: {
                conditions: last(plural, one),
                ...(kind === "Configuration" ? { latestCreatedRevisionName: `${one.split("/")[1]}-00001` } : {}),
              },
            }),
          ),
      );
      const finding = await findingOf({ objects: [...objects(), ...made] }, servicesReady);
      told.set(namespace, finding.summary);
    }
    expect([...told.keys()].sort()).toEqual(["rec-ok", "rec-psa", "rec-quota-cpu", "rec-quota-pods"]);
    expect(told.get("rec-ok")).toMatch(/no-such-registry .*no such host/);
    for (const namespace of ["rec-psa", "rec-quota-cpu", "rec-quota-pods"])
      expect(told.get(namespace)).toMatch(/Initial scale was never achieved/);
  });
});
