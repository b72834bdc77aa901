import { afterEach, describe, expect, it } from "vitest";
import { at, dataOf, type KubeObject } from "../../src/ports/object.ts";
import { kn, stage } from "./cli.ts";
import { OPTION_SETS } from "./option-sets.ts";

type World = Awaited<ReturnType<typeof stage>>;

describe("the installation with", () => {
  let world: World;
  afterEach(() => world.close());

  const start = async (options: Parameters<typeof stage>[0] = {}) => {
    world = await stage(options);
    return (...args: string[]) => kn({ ...world, standIns: true }, args);
  };
  const get = (kind: string, name: string, namespace = "knative-serving", apiVersion = "v1"): KubeObject | undefined =>
    world.api.get({ apiVersion, kind, namespace, name }) as KubeObject | undefined;

  it("--expose nodeport: the ports of kind-config.yaml, the node's address, https through it", async () => {
    const run = await start(OPTION_SETS.nodeport.world);
    const outcome = await run("install", "--yes", ...OPTION_SETS.nodeport.args);
    expect(outcome.code, outcome.stderr).toBe(0);
    const service = get("Service", "kourier", "kourier-system");
    expect(at(service, "spec", "type")).toBe("NodePort");
    expect((at(service, "spec", "ports") as { nodePort: number }[]).map(({ nodePort }) => nodePort)).toEqual([
      31080, 31443,
    ]);
    expect((await run("status")).stdout).toContain("ExternalIP of node");
    expect((await run("plan", ...OPTION_SETS.nodeport.args, "--exit-code")).code).toBe(0);
  });

  it("--address: the records point there", async () => {
    const run = await start(OPTION_SETS.address.world);
    const outcome = await run("install", "--yes", ...OPTION_SETS.address.args);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain("*.apps.example.com. A 127.0.0.1");
    expect(dataOf(get("ConfigMap", "config-domain"))).toHaveProperty(["apps.example.com"], "");
  });

  it("--tls none: plain http, and back to https and again to http", async () => {
    const run = await start();
    const plain = await run("install", "--yes", ...OPTION_SETS.plain.args);
    expect(plain.code, plain.stderr).toBe(0);
    expect(plain.stderr).toMatch(/http:\/\/hello-kn-bootstrap\.\S+ answers\s+200/);
    expect((await run("install", "--yes", "--tls", "self-signed")).code).toBe(0);
    expect(dataOf(get("ConfigMap", "config-network"))["default-external-scheme"]).toBe("https");
    const back = await run("install", "--yes", ...OPTION_SETS.plain.args);
    expect(back.code, back.stderr).toBe(0);
    expect(dataOf(get("ConfigMap", "config-network"))).not.toHaveProperty("default-external-scheme");
    expect(dataOf(get("ConfigMap", "config-kourier"))).not.toHaveProperty("certs-secret-name");
    expect((await run("plan", ...OPTION_SETS.plain.args, "--exit-code")).code).toBe(0);
  });

  it("another domain: the old default goes in the same change, Services get the new URL", async () => {
    const run = await start();
    expect((await run("install", "--yes", ...OPTION_SETS.domain.args)).code).toBe(0);
    const outcome = await run("install", "--yes", "--domain", "two.example.com");
    expect(outcome.code, outcome.stderr).toBe(0);
    const keys = Object.keys(dataOf(get("ConfigMap", "config-domain"))).filter((key) => !key.startsWith("_"));
    expect(keys).toEqual(["two.example.com"]);
  });

  it("a default domain that somebody else set: refused, and removed on request in one write", async () => {
    const run = await start();
    expect((await run("install", "--yes", "--domain", "ours.example.com")).code).toBe(0);
    await world.api.update(
      "kubectl-edit",
      { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-domain" },
      (draft) => {
        draft.data["a-theirs.example.com"] = "";
      },
    );
    const refused = await run("install", "--yes", "--domain", "ours.example.com");
    expect(refused.code).toBe(1);
    expect(refused.stderr.replace(/\s+/g, " ")).toMatch(/owned by kubectl-edit.*--take-ownership/);
    const taken = await run("install", "--yes", "--domain", "ours.example.com", "--take-ownership");
    expect(taken.code, taken.stderr).toBe(0);
    expect(Object.keys(dataOf(get("ConfigMap", "config-domain"))).filter((key) => !key.startsWith("_"))).toEqual([
      "ours.example.com",
    ]);
    expect((await run("plan", "--domain", "ours.example.com", "--exit-code")).code).toBe(0);
  });

  it("magic DNS and a gateway that has only a host name: exit 2 with the way out", async () => {
    const run = await start(OPTION_SETS.hostname.world);
    const outcome = await run("install", "--yes");
    expect(outcome.stderr.replace(/\s+/g, " ")).toMatch(
      /Magic DNS needs an IP address.*lb\.rehearsal\.internal.*--domain/,
    );
    const again = await run("install", "--yes");
    expect(again.code).toBe(2);
    const own = await run("install", "--yes", ...OPTION_SETS.hostname.args);
    expect(own.code, own.stderr).toBe(0);
    expect(own.stdout).toContain("*.apps.example.com. CNAME lb.rehearsal.internal.");
  });

  it("nested hosts: one wildcard for each namespace", async () => {
    const run = await start();
    const outcome = await run("install", "--yes", ...OPTION_SETS.nested.args);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).toMatch(
      /\*\.default\.apps\.example\.com,\s+\*\.kn-bootstrap\.apps\.example\.com,\s+\*\.shop\.apps\.example\.com/,
    );
  });

  it("--hpa, request logs and registries, and without them again", async () => {
    const run = await start();
    const on = await run("install", "--yes", ...OPTION_SETS.extras.args);
    expect(on.code, on.stderr).toBe(0);
    expect(get("Deployment", "autoscaler-hpa", "knative-serving", "apps/v1")).toBeDefined();
    expect(dataOf(get("ConfigMap", "config-observability"))["logging.enable-request-log"]).toBe("true");
    expect(dataOf(get("ConfigMap", "config-deployment"))["registries-skipping-tag-resolving"]).toBe(
      "kind.local,ko.local,dev.local,localhost:5001",
    );
    const off = await run("install", "--yes", "--reset-choices");
    expect(off.code, off.stderr).toBe(0);
    expect(get("Deployment", "autoscaler-hpa", "knative-serving", "apps/v1")).toBeUndefined();
    expect(dataOf(get("ConfigMap", "config-observability"))).not.toHaveProperty("logging.enable-request-log");
  });

  it("--image-registry: every image comes from there, the hello image too", async () => {
    const run = await start();
    const rendered = await run("render", ...OPTION_SETS.mirror.args);
    expect(rendered.code, rendered.stderr).toBe(0);
    const images = [...rendered.stdout.matchAll(/(?:image|queue-sidecar-image): "?([^\s"]+)/g)].map(
      (match) => match[1],
    );
    expect(images.length).toBeGreaterThan(7);
    expect(images.filter((image) => !image?.startsWith("registry.example.com/mirror/"))).toEqual([]);
  });

  it("workloads: uninstall refuses and lists them, and removes them on request", async () => {
    const run = await start();
    expect((await run("install", "--yes")).code).toBe(0);
    const service = {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { name: "shop", namespace: "default" },
      spec: { template: { spec: { containers: [{ image: "ghcr.io/knative/helloworld-go:latest" }] } } },
    };
    await world.api.create("kn", service);
    await world.api.create("kubectl", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "mine", namespace: "kourier-system" },
      data: { a: "b" },
    });
    const refused = await run("uninstall", "--yes");
    expect(refused.code).toBe(2);
    expect(refused.stderr.replace(/\s+/g, " ")).toMatch(
      /Service default\/shop.*ConfigMap kourier-system\/mine.*--delete-workloads/,
    );
    const removed = await run("uninstall", "--yes", "--delete-workloads");
    expect(removed.code, removed.stderr).toBe(0);
    expect(world.api.list("v1", "Namespace").map(({ metadata }) => metadata.name)).not.toContain("kourier-system");
  });
});
