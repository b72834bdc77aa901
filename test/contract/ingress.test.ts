import { createHash } from "node:crypto";
import { get } from "node:http";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspect } from "../../src/certificates/secret.ts";
import { WILDCARD } from "../../src/certificates/served.ts";
import { NODE_PORTS } from "../../src/ingress/gateway-service.ts";
import { ids, ingressProvider } from "../../src/ingress/index.ts";
import type { Want } from "../../src/ingress/provider.ts";
import { at, type KubeObject, keyOf } from "../../src/ports/object.ts";
import { loadCatalog } from "../../src/releases/index.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";
import { kn, stage } from "../engine/cli.ts";
import { patient } from "../patience.ts";

/** What every ingress of the registry must do; test/recipes runs it over one more. */

const HOME = "kn-bootstrap";
const HOST = "user-default.apps.example.com";

const catalog = await loadCatalog();
const release = catalog.resolve();

const objectsOf = (id: string): readonly KubeObject[] =>
  ingressProvider(id).assets.flatMap(({ component, asset }) => {
    const version = release.versions[component] ?? "";
    return parseManifest(standIn(component, version, asset), asset);
  });

const want = (fingerprint: string, http: Want["http"] = "redirect"): Want => ({
  secret: { namespace: HOME, name: "wildcard-tls" },
  fingerprint,
  data: { "tls.crt": fingerprint, "tls.key": "a2V5" },
  http,
});

describe("the registry of ingresses", () => {
  it("names each once, with its class and what installs it", () => {
    expect(new Set(ids).size).toBe(ids.length);
    const providers = ids.map(ingressProvider);
    expect(new Set(providers.map(({ className }) => className)).size).toBe(ids.length);
    for (const { component, assets } of providers) {
      expect(assets.map((asset) => asset.component)).toContain(component);
      for (const asset of assets) expect(catalog.components[asset.component]?.assets).toContain(asset.asset);
    }
  });
});

describe.each(ids)("ingress %s", (id) => {
  const provider = ingressProvider(id);
  const from = { setting: release.setting, ingress: objectsOf(id) };

  it("has what it waits for and what it leads to in its release", () => {
    const keys = from.ingress.map(keyOf);
    for (const { namespace, ...ref } of [provider.service, ...provider.deployments])
      expect(keys).toContain(keyOf({ ...ref, metadata: { name: ref.name, ...(namespace ? { namespace } : {}) } }));
  });

  it("changes no object that it is given, and names the same ones", () => {
    const before = structuredClone(from.ingress);
    for (const expose of ["loadbalancer", "nodeport"] as const) {
      const after = from.ingress.map((object) => provider.transform(object, { expose, setting: release.setting }));
      expect(after.map(keyOf)).toEqual(before.map(keyOf));
    }
    provider.serve(want("a"), from);
    expect(from.ingress).toEqual(before);
  });

  it("is reached at the node ports that a kind cluster maps", () => {
    const [service] = from.ingress
      .filter((object) => object.kind === "Service" && object.metadata.name === provider.service.name)
      .map((object) => provider.transform(object, { expose: "nodeport", setting: release.setting }));
    expect(at(service, "spec", "type")).toBe("NodePort");
    const ports = at(service, "spec", "ports") as { port: number; nodePort?: number }[];
    const nodePort = (port: number) => ports.find((one) => one.port === port)?.nodePort;
    expect({ http: nodePort(80), https: nodePort(443) }).toEqual(NODE_PORTS);
  });

  it("takes back all that it says so that a certificate is served", () => {
    const [served, taken] = [provider.serve(want("a"), from), provider.serve(undefined, from)];
    expect(taken.fields.map(keyOf)).toEqual(served.fields.map(keyOf));
    for (const field of taken.fields) expect(Object.keys(field)).toEqual(["apiVersion", "kind", "metadata"]);
    expect(taken.network).toEqual({});
    // What is the release's own stays in its form; what is a copy goes.
    for (const object of taken.objects) expect(from.ingress).toContainEqual(object);
    const released = new Set(from.ingress.map(keyOf));
    const copies = served.objects.filter((object) => !released.has(keyOf(object)));
    expect(copies.filter(({ kind, metadata }) => kind !== "Secret" || metadata.namespace === HOME)).toEqual([]);
    const whole = served.objects.map(keyOf);
    expect(served.fields.map(keyOf).filter((key) => whole.includes(key))).toEqual([]);
  });

  it("is told of each new certificate", () => {
    const texts = ["a", "b"].map((name) => JSON.stringify(provider.serve(want(name), from)));
    expect(texts[0]).not.toBe(texts[1]);
    // A renewal reads no release.
    const renewed = ["a", "b"].map((name) => JSON.stringify(provider.serve(want(name), { ...from, ingress: [] })));
    expect(renewed[0]).not.toBe(renewed[1]);
  });

  it("tells redirected http from http that is served", () => {
    const texts = (["redirect", "enabled"] as const).map((http) =>
      JSON.stringify(provider.serve(want("a", http), from)),
    );
    expect(texts[0]).not.toBe(texts[1]);
  });
});

describe.each(ids)("a cluster with ingress %s", (id) => {
  let world: Awaited<ReturnType<typeof stage>>;
  let internet: Internet;
  const options = (): readonly string[] => [
    ...["--ingress", id, "--dns", "route53", "--domain", "apps.example.com"],
    ...["--acme-directory", internet.acme.directory],
  ];
  const run = (...args: string[]) => kn({ ...world, standIns: true, internet }, args);
  const secret = () => world.api.get({ ...WILDCARD, namespace: HOME });

  /** SHA-256 of the certificate that a handshake shows; undefined: there is none. */
  const served = (): Promise<string | undefined> =>
    new Promise((resolve) => {
      const port = world.connectTo.get(443) ?? 0;
      const socket = connect({ host: "127.0.0.1", port, servername: HOST, rejectUnauthorized: false }, () => {
        const { raw } = socket.getPeerX509Certificate() ?? {};
        resolve(raw && createHash("sha256").update(raw).digest("hex").slice(0, 16));
        socket.destroy();
      });
      socket.on("error", () => resolve(undefined));
    });
  const http = (): Promise<{ readonly status?: number; readonly location?: string }> =>
    new Promise((resolve) => {
      const request = { port: world.connectTo.get(80), host: "127.0.0.1", headers: { host: HOST } };
      get(request, (response) => {
        response.resume();
        const { statusCode: status, headers } = response;
        resolve({ ...(status ? { status } : {}), ...(headers.location ? { location: headers.location } : {}) });
      }).on("error", () => resolve({}));
    });
  const is = { timeout: patient(10_000) };
  /** Copies of the certificate outside its own namespace. */
  const copies = () =>
    world.api
      .list("v1", "Secret")
      .filter(({ metadata, data }) => metadata.namespace !== HOME && data?.["tls.crt"] === secret()?.data["tls.crt"]);

  beforeAll(async () => {
    [world, internet] = await Promise.all([stage(), startInternet({ zones: ["example.com"] })]);
  });
  afterAll(async () => {
    await world.close();
    await internet.close();
  });

  it("serves the certificate and redirects http", async () => {
    const installed = await run("install", "--yes", ...options());
    expect(installed.code, installed.stderr).toBe(0);
    await world.api.create("test", {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { namespace: "default", name: "user" },
      spec: { template: { spec: { containers: [{ image: "registry.example.com/user" }] } } },
    });
    await expect.poll(served, is).toBe(inspect(secret())?.fingerprint);
    await expect.poll(http, is).toEqual({ status: 301, location: `https://${HOST}/` });
  });

  it("is found as it should be by the next run", async () => {
    const again = await run("install", "--yes", ...options());
    expect({ code: again.code, writes: again.stats.writes }).toEqual({ code: 0, writes: 0 });
  });

  it("serves the next certificate after a renewal", async () => {
    const { serial = "", fingerprint } = inspect(secret()) ?? {};
    internet.acme.moveRenewal(serial);
    const renewed = await run("renew", "--yes", "-o", "json");
    expect(renewed.code, renewed.stderr).toBe(0);
    const next = inspect(secret())?.fingerprint;
    // A copy of the Secret is shown by its keys alone.
    const key: string = secret()?.data["tls.key"] ?? "";
    for (const part of [key, Buffer.from(key, "base64").toString().split("\n")[1] ?? ""])
      expect(renewed.stdout + renewed.stderr).not.toContain(part);
    expect(next).not.toBe(fingerprint);
    await expect.poll(served, is).toBe(next);
    expect((await run("plan", "--exit-code", ...options())).code).toBe(0);
  });

  it("serves plain http when that is asked for", async () => {
    const changed = await run("install", "--yes", ...options(), "--http", "enabled");
    expect(changed.code, changed.stderr).toBe(0);
    await expect.poll(http, is).toEqual({ status: 200 });
    expect(await served()).toBe(inspect(secret())?.fingerprint);
  });

  it("serves no certificate any more when it is taken back, and has no copy of it", async () => {
    const taken = await run("install", "--yes", ...options().slice(0, -2), "--tls", "none", "--http", "enabled");
    expect(taken.code, taken.stderr).toBe(0);
    await expect.poll(served, is).toBe(undefined);
    await expect.poll(http, is).toEqual({ status: 200 });
    expect(copies()).toEqual([]);
  });

  it("is gone after an uninstall", async () => {
    const gone = await run("uninstall", "--yes", "--delete-workloads", "--purge");
    expect(gone.code, gone.stderr).toBe(0);
    expect(gone.stdout + gone.stderr).toContain("Nothing of kn-bootstrap is left in this cluster.");
    expect(await http()).toEqual({});
  });
});
