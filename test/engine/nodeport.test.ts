import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { dataOf, type KubeObject } from "../../src/ports/object.ts";
import { patient } from "../patience.ts";
import { kn, type Outcome, stage } from "./cli.ts";

type World = Awaited<ReturnType<typeof stage>>;

const EXTERNAL = "127.0.0.1";
const OPTIONS = ["--expose", "nodeport", "--domain", "apps.example.com"];

describe("with --expose nodeport, URLs open as they are printed", () => {
  let world: World;
  afterEach(() => world.close());

  const start = async (options: Parameters<typeof stage>[0] = {}) => {
    world = await stage({ loadBalancer: "none", ...options });
    return (...args: string[]) => kn({ ...world, standIns: true }, args);
  };
  /** Every http(s) URL below the domain. */
  const urls = (...texts: string[]): readonly string[] => [
    ...new Set(texts.flatMap((text) => text.match(/https?:\/\/[\w<>.-]+\.apps\.example\.com(?::\d+)?/g) ?? [])),
  ];
  const flat = ({ stdout, stderr }: Outcome): string => `${stdout} ${stderr}`.replace(/\s+/g, " ");
  const hello = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "shop", namespace: "default" },
    spec: { template: { spec: { containers: [{ image: "ghcr.io/knative/helloworld-go:latest" }] } } },
  };
  const local = {
    ...hello,
    metadata: { ...hello.metadata, name: "inner", labels: { "networking.knative.dev/visibility": "cluster-local" } },
  };
  const statusOf = async (run: (...args: string[]) => Promise<Outcome>) =>
    (await run("status", "-o", "json")).events.find(({ type }) => type === "status") as {
      url: string;
      address: Record<string, unknown>;
    };

  it("has the node port where nothing leads to it from 443: in every place, and in what the proof asks for", async () => {
    const run = await start();
    const page = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-test-")), "page.html");
    const outcome = await run("install", "--yes", ...OPTIONS, "--report", page);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(flat(outcome)).toContain("https://hello-kn-bootstrap.apps.example.com:31443 answers 200");
    expect(flat(outcome)).toContain("it will answer at https://hello-default.apps.example.com:31443:");
    // Envoy keeps the port that was asked, so that http does not lead to https there.
    expect(flat(outcome)).toContain(
      "http://hello-kn-bootstrap.apps.example.com:31080 redirects to https://hello-kn-bootstrap.apps.example.com:31080, which does not open",
    );
    await world.api.create("kn", hello);
    await world.api.create("kn", local);
    await expect
      .poll(async () => flat(await run("status", "--services")), { timeout: patient(20_000) })
      .toMatch(/default\/inner ready.*default\/shop ready/);
    const status = await run("status", "--services");
    expect(flat(status)).toContain(`${EXTERNAL}, by ExternalIP of node rehearsal, its ports 31080 and 31443`);
    expect(flat(status)).toMatch(/http:\/\/inner\.default\.svc\.cluster\.local(?!:)/);
    expect(await statusOf(run)).toMatchObject({
      url: "https://<service>-<namespace>.apps.example.com:31443",
      address: { host: EXTERNAL, http: 31080, https: 31443 },
    });
    const printed = urls(outcome.stdout, outcome.stderr, status.stdout, readFileSync(page, "utf8"));
    expect(printed.filter((url) => !/:31443$/.test(url) && !/^http:.*:31080$/.test(url))).toEqual([
      // Where http goes, said to be of no use.
      "https://hello-kn-bootstrap.apps.example.com:31080",
    ]);
    expect(printed).toContain("https://shop-default.apps.example.com:31443");
  });

  it("is without a port where a load balancer leads there, which is said and kept: status does not ask the gateway", async () => {
    const run = await start({ nodePortFront: "balancer" });
    const outcome = await run("install", "--yes", ...OPTIONS);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(flat(outcome)).toContain("https://hello-kn-bootstrap.apps.example.com answers 200");
    expect(flat(outcome)).toContain("http redirects to https://hello-kn-bootstrap.apps.example.com");
    expect(urls(outcome.stdout, outcome.stderr).filter((url) => /:\d+$/.test(url))).toEqual([]);
    const state = { apiVersion: "v1", kind: "ConfigMap", namespace: "kn-bootstrap", name: "state" };
    expect(JSON.parse(dataOf(world.api.get(state) as KubeObject).reached ?? "")).toEqual({
      host: EXTERNAL,
      http: 80,
      https: 443,
    });
    expect(flat(await run("status"))).toContain(
      `${EXTERNAL}, by ExternalIP of node rehearsal, whose ports 80 and 443 lead to 31080 and 31443`,
    );
    expect((await statusOf(run)).url).toBe("https://<service>-<namespace>.apps.example.com");
    expect((await run("plan", ...OPTIONS, "--exit-code")).code).toBe(0);
    // Killed before it was written down: the proof is given again.
    await world.api.update("kn-bootstrap-reached", state, (draft) => {
      delete draft.data.reached;
    });
    const again = await run("install", "--yes", ...OPTIONS);
    expect(again.code, again.stderr).toBe(0);
    expect((await statusOf(run)).url).toBe("https://<service>-<namespace>.apps.example.com");
  });

  it("is without a port on kind, whose kind-config.yaml maps the ports of this machine", async () => {
    const run = await start({ nodePortFront: "kind" });
    const outcome = await run("install", "--yes", "--expose", "nodeport");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(flat(outcome)).toContain("it will answer at https://hello-default.127.0.0.1.sslip.io:");
    expect((await statusOf(run)).url).toBe("https://<service>-<namespace>.127.0.0.1.sslip.io");
    expect(flat(await run("status"))).toContain("kind-config.yaml maps ports 80 and 443 of this machine");
  });

  it("has the port that answers with --address, too", async () => {
    const run = await start();
    const outcome = await run("install", "--yes", ...OPTIONS, "--address", "127.0.0.1");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(flat(outcome)).toContain("it will answer at https://hello-default.apps.example.com:31443:");
    expect((await statusOf(run)).url).toBe("https://<service>-<namespace>.apps.example.com:31443");
    const removed = await run("uninstall", "--yes");
    expect(removed.code, removed.stderr).toBe(0);
  });

  it("has it without TLS, too", async () => {
    const run = await start();
    const outcome = await run("install", "--yes", ...OPTIONS, "--tls", "none");
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(flat(outcome)).toContain("http://hello.kn-bootstrap.apps.example.com:31080 answers 200");
    expect((await statusOf(run)).url).toBe("http://<service>.<namespace>.apps.example.com:31080");
  });
});
