import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isTrue } from "../../src/sandbox/objects.ts";
import { startWorld, type World } from "../../src/sandbox/world.ts";
import { apply, ask, hasReleases, hello, knative, until, untilRefused } from "./install.ts";
import { HTTP, https, installIstio, setServers, writeSecret } from "./istio-install.ts";

/** The oldest and the newest minor that there are files of both Serving and net-istio for. */
const VERSIONS = [
  { serving: "1.14.2", istio: "1.21.1", netIstio: "1.14.2" },
  { serving: "1.23.0", istio: "1.29.2", netIstio: "1.23.0" },
];
const HOST = "hello.default.example.com";
describe.skipIf(!hasReleases).each(VERSIONS)("Serving $serving with Istio $istio", (versions) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    await installIstio(world, versions);
  });
  afterAll(() => world.close());

  it("gives the gateway an address, and answers a Knative Service through it", async () => {
    const service = { apiVersion: "v1", kind: "Service", namespace: "istio-system", name: "istio-ingressgateway" };
    expect(world.api.get(service)?.status.loadBalancer.ingress).toEqual([{ ip: "127.0.0.1", ipMode: "VIP" }]);
    await apply(world, hello());
    await until(world, "hello Ready", () => isTrue(world.api.get(knative("Service", "hello")), "Ready"));
    expect(await ask(world, 80, HOST)).toMatchObject({ status: 200, body: "Hello rehearsal!\n" });
    expect(await ask(world, 80, "other.example.com")).toMatchObject({ status: 404 });
    await untilRefused(world, 443);
  });

  it("answers over https once there are a Secret beside the gateway and a server for all names", async () => {
    const serial = await writeSecret(world, "knative-tls");
    await setServers(world, HTTP, https("*"));
    await expect
      .poll(() => ask(world, 443, HOST).catch(() => undefined))
      .toMatchObject({
        status: 200,
        body: "Hello rehearsal!\n",
        serial,
      });
  });
});
