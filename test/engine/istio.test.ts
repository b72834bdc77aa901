import { describe, expect, it } from "vitest";
import { openPlace, runnerIn } from "./place.ts";

/** What is refused, and what is said, before Istio is installed. */

describe("Istio on a laptop", () => {
  const node = { name: "laptop", cpu: "4", memory: "8Gi", internalIP: "127.0.0.1", externalIP: "127.0.0.1" };

  it("has room with --profile small, and the plan says what is asked for", async () => {
    await using place = await openPlace({ nodes: [node] });
    const run = runnerIn(place);
    const large = await run("plan", "--ingress", "istio");
    expect(large.stdout).toContain("Istio asks for 4.5 vCPU and 9.1 GiB of memory.");
    const warned = (large.stdout + large.stderr).replace(/\s+/g, " ");
    expect(warned).toContain("no node has room for a pod of Deployment istio-system/istio");
    expect(warned).toContain("free is 4 vCPU and 8 GiB of memory");
    const small = await run("install", "--yes", "--ingress", "istio", "--profile", "small", "--tls", "none");
    expect(small.code, small.stderr).toBe(0);
    expect(small.stdout).not.toContain("vCPU and");
    expect(small.stderr).not.toContain("no node has room");
    const gateway = place.world.api.get({
      apiVersion: "apps/v1",
      kind: "Deployment",
      namespace: "istio-system",
      name: "istio-ingressgateway",
    });
    expect(gateway?.spec).toMatchObject({ replicas: 1 });
  });

  it("is refused together with an ingress that has one size, and with a Knative that it does not go with", async () => {
    await using place = await openPlace();
    const run = runnerIn(place);
    const sized = await run("plan", "--profile", "small");
    expect({ code: sized.code, text: sized.stderr }).toMatchObject({
      code: 2,
      text: expect.stringContaining("--profile small does not go with --ingress kourier."),
    });
    const old = await run("plan", "--ingress", "istio", "--knative-version", "1.13.1");
    expect({ code: old.code, text: old.stderr }).toMatchObject({
      code: 2,
      text: expect.stringContaining("No Istio is known that goes with Knative 1.13."),
    });
  });

  it("is refused where somebody else has an Istio without what Knative needs of it, or a Service that would be taken for the gateway's", async () => {
    await using place = await openPlace();
    const run = runnerIn(place);
    const second = { apiVersion: "v1", kind: "Service", namespace: "default", name: "aaa-second" };
    await place.world.api.create("test", {
      apiVersion: second.apiVersion,
      kind: second.kind,
      metadata: { namespace: second.namespace, name: second.name, labels: { istio: "ingressgateway" } },
      spec: { ports: [{ port: 80 }] },
    });
    const taken = await run("install", "--yes", "--ingress", "istio");
    expect({ code: taken.code, writes: taken.stats.writes }).toEqual({ code: 2, writes: 0 });
    expect(taken.stderr).toContain("kubectl label service aaa-second -n default istio-");
    await place.world.api.remove(second);
    await place.world.api.create("istioctl", { apiVersion: "v1", kind: "Namespace", metadata: { name: "mesh" } });
    await place.world.api.create("istioctl", {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { namespace: "mesh", name: "istiod-stable", labels: { app: "istiod", "istio.io/rev": "stable" } },
      spec: {
        selector: { matchLabels: { app: "istiod" } },
        template: {
          metadata: { labels: { app: "istiod" } },
          spec: { containers: [{ name: "discovery", image: "docker.io/istio/pilot:1.28.10" }] },
        },
      },
    });
    const { code, stderr, stats } = await run("install", "--yes", "--ingress", "istio");
    expect({ code, writes: stats.writes }).toEqual({ code: 2, writes: 0 });
    expect(stderr.replace(/\s+/g, " ")).toContain(
      "The Istio in this cluster (Deployment mesh/istiod-stable, 1.28.10) does not serve networking.istio.io/v1beta1.",
    );
  });
});

describe("what is left of a net-istio that somebody removed", () => {
  it("is named before Kourier is installed, where no Revision could start", async () => {
    await using place = await openPlace();
    const name = "webhook.istio.networking.internal.knative.dev";
    await place.world.api.create("kubectl", {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name },
      webhooks: [],
    });
    const { code, stderr, stats } = await runnerIn(place)("install", "--yes");
    expect({ code, writes: stats.writes }).toEqual({ code: 2, writes: 0 });
    expect(stderr).toContain(`kubectl delete mutatingwebhookconfiguration ${name}`);
  });
});
