import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { kourier } from "../../src/ingress/kourier.ts";
import { patient, patientSeconds } from "../patience.ts";
import { ACME, openScene, type Scene } from "./scene.ts";

const [controller] = kourier.deployments;

describe("a renewal that does not come to be served", () => {
  let scene: Scene;
  let refused = "";

  /** The serial that a handshake shows, while a Service keeps the listener there. */
  const served = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(
        {
          host: "127.0.0.1",
          port: scene.world.connectTo.get(443) ?? 0,
          servername: "user-default.apps.example.com",
          rejectUnauthorized: false,
        },
        () => {
          resolve(socket.getPeerX509Certificate()?.serialNumber ?? "");
          socket.destroy();
        },
      );
      socket.on("error", reject);
    });
  const makeDue = (): string => {
    const serial = scene.secret()?.serial ?? "";
    scene.internet.acme.moveRenewal(serial);
    return serial;
  };
  const renew = (...args: string[]) => scene.run("renew", "--yes", "-o", "json", ...args);

  beforeAll(async () => {
    scene = await openScene(ACME, {
      acme: { limits: {} },
      pull: (image) => (image === refused ? "manifest unknown" : undefined),
    });
    await scene.world.api.create("test", {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: { namespace: "default", name: "user" },
      spec: { template: { spec: { containers: [{ image: "registry.example.com/user" }] } } },
    });
    await vi.waitFor(async () => expect(await served()).toBe(scene.secret()?.serial), { timeout: patient(5_000) });
  });
  afterAll(() => scene.close());

  it.each(["key", "names", "dates"] as const)(
    "never gives the gateway a certificate with a wrong %s, and fetches the right one in the next run",
    async (wrongCertificate) => {
      const before = makeDue();
      const orders = scene.internet.acme.orders().length;
      scene.internet.acme.setFaults({ wrongCertificate });
      const outcome = await renew();
      scene.internet.acme.setFaults({});
      expect(outcome.code).toBe(1);
      expect(outcome.events.find(({ type }) => type === "error")).toMatchObject({ id: "acme.unusable" });
      expect([scene.secret()?.serial, await served()]).toEqual([before, before]);
      const again = await renew();
      expect(again.code, again.stderr).toBe(0);
      const now = scene.secret()?.serial;
      expect(now).not.toBe(before);
      expect([await served(), scene.internet.acme.orders().length]).toEqual([now, orders + 1]);
    },
  );

  it("puts the old certificate back when the handshake shows a chain that does not verify", async () => {
    const before = makeDue();
    scene.internet.acme.setFaults({ wrongCertificate: "chain" });
    const outcome = await renew("--timeout", patientSeconds(3));
    scene.internet.acme.setFaults({});
    expect(outcome.code).toBe(1);
    expect(outcome.events.find(({ type }) => type === "error")).toMatchObject({ id: "renew.put-back" });
    expect(scene.secret()?.serial).toBe(before);
    await vi.waitFor(async () => expect(await served()).toBe(before), { timeout: patient(5_000) });
  });

  it("puts the old certificate back when the gateway does not take the new one up", async () => {
    const before = makeDue();
    const live = scene.world.api.get({ ...controller, name: controller?.name ?? "" } as never);
    refused = live?.spec.template.spec.containers[0].image;
    const outcome = await renew("--timeout", patientSeconds(3));
    refused = "";
    expect(outcome.code).toBe(1);
    expect(outcome.events.find(({ type }) => type === "error")).toMatchObject({
      id: "renew.put-back",
      why: "The old one was put back, and is served until its end.",
    });
    expect([scene.secret()?.serial, await served()]).toEqual([before, before]);
    expect(scene.internet.zones[0]?.records.get("_acme-challenge.apps.example.com", "TXT")).toBeUndefined();
  });

  it("renews when the gateway is well again", async () => {
    const before = makeDue();
    const outcome = await renew();
    expect(outcome.code, outcome.stderr).toBe(0);
    expect([scene.secret()?.serial === before, await served()]).toEqual([false, scene.secret()?.serial]);
  });
});
