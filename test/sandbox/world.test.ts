import { afterEach, describe, expect, it } from "vitest";
import { readyEndpoints } from "../../src/sandbox/kubernetes/endpoint-slices.ts";
import { conditionOf, isTrue } from "../../src/sandbox/objects.ts";
import { isTrustedBy, makeWebhookCertificates } from "../../src/sandbox/webhook-certificates.ts";
import { startWorld, type World, type WorldOptions } from "../../src/sandbox/world.ts";
import { patient } from "../patience.ts";
import { apply, ask, deployment, hello, knative, merge, pause, until } from "./install.ts";
import { installSmall, KOURIER_OBJECTS, SERVING_OBJECTS, set } from "./small-install.ts";

const worlds: World[] = [];

const start = async (options?: WorldOptions): Promise<World> => {
  const world = await startWorld(options);
  worlds.push(world);
  return world;
};

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

const isReady = (world: World, name = "hello") => isTrue(world.api.get(knative("Service", name)), "Ready");
const HOST = "hello.default.example.com";

describe("a Knative Service", () => {
  it("becomes Ready under the configured domain and answers through the gateway", async () => {
    const world = await start();
    await installSmall(world);
    await apply(world, hello());
    await until(world, "hello Ready", () => isReady(world));
    const service = world.api.get(knative("Service", "hello"));
    expect(service?.status.url).toBe(`http://${HOST}`);
    expect(service?.metadata.annotations).toHaveProperty("serving.knative.dev/creator");
    expect(service?.status.latestReadyRevisionName).toBe("hello-00001");
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 200, body: "Hello rehearsal!\n" });
    expect(await ask(world, 80, "other.default.example.com")).toMatchObject({ status: 404 });
  });

  it("waits for an ingress while its class has no controller", async () => {
    const world = await start();
    await installSmall(world);
    await set(world, "config-network", { "ingress-class": "istio.ingress.networking.knative.dev" });
    await apply(world, hello());
    const waiting = await until(world, "waiting for the ingress", () => {
      const condition = conditionOf(world.api.get(knative("Service", "hello")), "RoutesReady");
      return condition?.reason === "IngressNotConfigured" && condition;
    });
    expect(waiting).toMatchObject({ status: "Unknown", message: "Ingress has not yet been reconciled." });
    await pause(200);
    expect(isReady(world)).toBe(false);
  });

  it("stays cluster-local without a default domain", async () => {
    const world = await start();
    await installSmall(world);
    await set(world, "config-domain", { "example.com": null });
    await apply(world, hello());
    await until(world, "hello Ready", () => isReady(world));
    expect(world.api.get(knative("Service", "hello"))?.status.url).toBe("http://hello.default.svc.cluster.local");
    expect(await ask(world, 80, "hello.default.svc.cluster.local")).toMatchObject({ status: 404 });
  });

  it("takes its host from the domain template, its scheme and redirect from config-network", async () => {
    const world = await start();
    await installSmall(world);
    await set(world, "config-network", {
      "domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}",
      "default-external-scheme": "https",
      "http-protocol": "Redirected",
    });
    await apply(world, hello());
    await until(world, "hello Ready", () => isReady(world));
    expect(world.api.get(knative("Service", "hello"))?.status.url).toBe("https://hello-default.example.com");
    expect(await ask(world, 80, "hello-default.example.com", "/a?b=c")).toMatchObject({
      status: 301,
      location: "https://hello-default.example.com/a?b=c",
    });
  });

  it("moves to a new host when the domain changes", async () => {
    const world = await start();
    await installSmall(world);
    await apply(world, hello());
    await until(world, "hello Ready", () => isReady(world));
    await set(world, "config-domain", { "example.com": null, "example.org": "" });
    await until(world, "the new URL", () => world.api.get(knative("Service", "hello"))?.status.url.endsWith(".org"));
    await until(world, "hello Ready", () => isReady(world));
    expect(await ask(world, 80, "hello.default.example.org")).toMatchObject({ status: 200 });
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 404 });
  });

  it("is refused a host with a label that is too long for DNS", async () => {
    const world = await start();
    await installSmall(world);
    await set(world, "config-network", { "domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}" });
    await apply(world, hello("h".repeat(58)));
    const refused = await until(world, "the Route's refusal", () => {
      const condition = conditionOf(world.api.get(knative("Service", "h".repeat(58))), "RoutesReady");
      return condition?.status === "False" && condition;
    });
    expect(refused).toMatchObject({
      reason: "ErrorConfig",
      message: expect.stringContaining("no more than 63 characters"),
    });
  });

  it("rolls to a new Revision when its template changes", async () => {
    const world = await start();
    await installSmall(world);
    await apply(world, hello());
    await until(world, "hello Ready", () => isReady(world));
    await apply(world, hello("hello", { target: "again" }));
    await until(
      world,
      "the second Revision",
      () =>
        isReady(world) && world.api.get(knative("Service", "hello"))?.status.latestReadyRevisionName === "hello-00002",
    );
    expect((await ask(world, 80, HOST)).body).toBe("Hello again!\n");
  });

  it("scales to zero when idle and back on a request", async () => {
    const world = await start({ pace: patient(5) });
    await installSmall(world);
    await apply(world, hello("hello", { annotations: { "autoscaling.knative.dev/window": "10s" } }));
    await until(world, "hello Ready", () => isReady(world));
    const workload = deployment("hello-00001-deployment", "default");
    const podsOfHello = () =>
      world.api
        .list("v1", "Pod", "default")
        .filter((pod) => pod.metadata.labels?.["serving.knative.dev/service"] === "hello");
    await until(world, "no pods", () => podsOfHello().length === 0);
    expect(world.api.get(workload)?.spec.replicas).toBe(0);
    expect(isReady(world)).toBe(true);
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 200, body: "Hello rehearsal!\n" });
    expect(podsOfHello()).toHaveLength(1);
  });

  it("keeps its pods with min-scale", async () => {
    const world = await start({ pace: patient(5) });
    await installSmall(world);
    const annotations = { "autoscaling.knative.dev/window": "6s", "autoscaling.knative.dev/min-scale": "2" };
    await apply(world, hello("hello", { annotations }));
    await until(world, "hello Ready", () => isReady(world));
    await pause(5 * 60);
    expect(world.api.get(deployment("hello-00001-deployment", "default"))?.status.readyReplicas).toBe(2);
  });

  it("says why its image cannot be had", async () => {
    const world = await start({ pull: (image) => (image.includes("helloworld") ? "manifest unknown" : undefined) });
    await installSmall(world);
    await apply(world, hello());
    const failed = await until(world, "a failed Configuration", () => {
      const condition = conditionOf(world.api.get(knative("Service", "hello")), "ConfigurationsReady");
      return condition?.status === "False" && condition;
    });
    expect(failed.message).toContain("manifest unknown");
  });
});

describe("order of installation and removal", () => {
  it("comes up whatever the order of Kourier and Serving", async () => {
    const world = await start();
    const [space, ...rest] = SERVING_OBJECTS;
    if (space) await apply(world, space);
    await apply(world, ...KOURIER_OBJECTS);
    await until(world, "the controller crash-looping without CRDs", () =>
      world.api
        .list("v1", "Pod", "knative-serving")
        .some((pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff"),
    );
    await apply(world, ...rest);
    await until(world, "the gateway available", () =>
      isTrue(world.api.get(deployment("3scale-kourier-gateway", "kourier-system")), "Available"),
    );
  });

  it("leaves a kingress hanging when Kourier goes first, and frees it when Kourier returns", async () => {
    const world = await start();
    await installSmall(world);
    await apply(world, hello());
    await until(world, "hello Ready", () => isReady(world));
    await world.api.remove(deployment("net-kourier-controller"));
    await until(world, "no controller pod", () =>
      world.api
        .list("v1", "Pod", "knative-serving")
        .every((pod) => pod.metadata.labels?.app !== "net-kourier-controller"),
    );
    await world.api.remove(knative("Service", "hello"));
    const kingress = {
      apiVersion: "networking.internal.knative.dev/v1alpha1",
      kind: "Ingress",
      namespace: "default",
      name: "hello",
    };
    await until(world, "the kingress terminating", () => world.api.get(kingress)?.metadata.deletionTimestamp);
    await pause(200);
    expect(world.api.get(kingress)?.metadata.finalizers).toEqual(["ingresses.networking.internal.knative.dev"]);
    await apply(world, ...KOURIER_OBJECTS);
    await until(world, "the kingress gone", () => world.api.get(kingress) === undefined);
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 404 });
  });

  it("leaves a Route hanging when Serving's controller goes first", async () => {
    const world = await start();
    await installSmall(world);
    await apply(world, hello());
    await until(world, "hello Ready", () => isReady(world));
    await world.api.remove(deployment("controller"));
    await until(world, "no controller pod", () =>
      world.api.list("v1", "Pod", "knative-serving").every((pod) => pod.metadata.labels?.app !== "controller"),
    );
    await world.api.remove(knative("Service", "hello"));
    await until(
      world,
      "the Route terminating",
      () => world.api.get(knative("Route", "hello"))?.metadata.deletionTimestamp,
    );
    await pause(200);
    expect(world.api.get(knative("Route", "hello"))?.metadata.finalizers).toEqual(["routes.serving.knative.dev"]);
  });
});

describe("the webhook", () => {
  it("refuses everything while it is down, and gives the API server's reasons", async () => {
    const world = await start();
    await installSmall(world);
    await merge(world, deployment("webhook"), { spec: { replicas: 0 } });
    await until(
      world,
      "no endpoint of the webhook",
      () => readyEndpoints(world.api, "knative-serving", "webhook").length === 0,
    );
    await expect(apply(world, hello())).rejects.toThrow('no endpoints available for service "webhook"');
    await expect(set(world, "config-domain", { "example.net": "" })).rejects.toThrow(
      "config.webhook.serving.knative.dev",
    );
    await world.api.remove({ apiVersion: "v1", kind: "Service", namespace: "knative-serving", name: "webhook" });
    await expect(apply(world, hello())).rejects.toThrow('service "webhook" not found');
  });

  it("is trusted only under the CA it made itself", async () => {
    const [mine, other] = await Promise.all(
      ["webhook", "webhook"].map((name) => makeWebhookCertificates(name, "knative-serving")),
    );
    const server = mine?.["server-cert.pem"] ?? "";
    expect(isTrustedBy(server, mine?.["ca-cert.pem"])).toBe(true);
    expect(isTrustedBy(server, other?.["ca-cert.pem"])).toBe(false);
    expect(isTrustedBy(server, undefined)).toBe(false);
  });

  it("fills its Secret and configurations again when somebody empties them", async () => {
    const world = await start();
    await installSmall(world);
    const secret = { apiVersion: "v1", kind: "Secret", namespace: "knative-serving", name: "webhook-certs" };
    const before = world.api.get(secret)?.data["ca-cert.pem"];
    await merge(world, secret, { data: null });
    const after = await until(world, "another CA", () => {
      const now = world.api.get(secret)?.data?.["ca-cert.pem"];
      return now !== before && now;
    });
    const name = "webhook.serving.knative.dev";
    const configuration = { apiVersion: "admissionregistration.k8s.io/v1", kind: "MutatingWebhookConfiguration", name };
    await until(world, "its caBundle", () => world.api.get(configuration)?.webhooks[0].clientConfig.caBundle === after);
    await until(world, "its endpoint", () => readyEndpoints(world.api, "knative-serving", "webhook").length > 0);
    await apply(world, hello());
    await until(world, "hello Ready", () => isReady(world));
  });

  it("refuses what Serving refuses", async () => {
    const world = await start();
    await installSmall(world);
    await expect(set(world, "config-network", { "domain-template": "{{.Nam}}" })).rejects.toThrow(
      'admission webhook "config.webhook.serving.knative.dev" denied the request: validation failed:',
    );
    await expect(set(world, "config-domain", { _example: "edited" })).rejects.toThrow('modifies a key in "_example"');
    const bad = hello("hello");
    bad.spec.traffic = [{ latestRevision: true, percent: 90 }];
    await expect(apply(world, bad)).rejects.toThrow("Traffic targets sum to 90, want 100: spec.traffic");
    await expect(apply(world, hello("a".repeat(64)))).rejects.toThrow("must be no more than 63 characters");
    await apply(world, hello());
    const creator = { metadata: { annotations: { "serving.knative.dev/creator": "someone else" } } };
    expect(await merge(world, knative("Service", "hello"), creator)).toMatchObject({
      status: 400,
      message: expect.stringContaining(
        "annotation value is immutable: metadata.annotations.serving.knative.dev/creator",
      ),
    });
  });
});
