import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readStatus } from "../../src/app/status.ts";
import { contourServices } from "../../src/checks/seen/contour.ts";
import { gatewaysProgrammed } from "../../src/checks/seen/gateway-api.ts";
import { type KubeObject, keyOf } from "../../src/ports/object.ts";
import { parseDocuments } from "../../src/ports/yaml.ts";
import { upstream } from "../releases/upstream.ts";
import { configMap, contextIn, findingOf, KNATIVE, object, type Scene } from "./scene.ts";
import { contour, gatewayApi } from "./seen-shapes.ts";

const address = { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } };
const base: Scene = {
  objects: [
    ...KNATIVE,
    configMap("config-network", {}),
    object("Service", "kourier-system/kourier", { spec: { type: "LoadBalancer" }, status: address }),
  ],
};
const SHAPES = { contour: contour(base), "gateway-api": gatewayApi(base) };

describe("an ingress that others install", () => {
  it.each(["contour", "gateway-api"] as const)("has its own place in status: %s", async (id) => {
    const scene = SHAPES[id];
    const labelled = scene.objects.map((one) =>
      one.metadata.name === `net-${id}-controller`
        ? { ...one, metadata: { ...one.metadata, labels: { "app.kubernetes.io/version": "1.23.0" } } }
        : one,
    );
    const status = await readStatus(contextIn({ ...scene, objects: labelled }));
    expect(status).toMatchObject({
      ingress: { id, version: "1.23.0" },
      address: { host: "192.0.2.7", http: 80, https: 443 },
      problems: [],
    });
  });

  it("has the address that the Gateway's own status says, where no Service is named", async () => {
    const gateway = object("Gateway.gateway.networking.k8s.io/v1", "edge/knative", {
      spec: { listeners: [] },
      status: { addresses: [{ type: "IPAddress", value: "192.0.2.8" }] },
    });
    const settings = "- {class: edge, gateway: edge/knative}\n";
    const objects = gatewayApi(base).objects.map((one) =>
      one.metadata.name === "config-gateway"
        ? configMap("config-gateway", { "external-gateways": settings, "local-gateways": settings })
        : one,
    );
    const scene = { objects: [...objects, gateway] };
    expect(await readStatus(contextIn(scene))).toMatchObject({
      address: { host: "192.0.2.8", source: "Gateway edge/knative" },
    });
    expect(await findingOf(scene, gatewaysProgrammed)).toMatchObject({ status: "ok" });
  });

  it.each(["- none", "no list", "{", "- {class: a, gateway: without-a-namespace}"])(
    "is told that its settings name no gateway: %s",
    async (text) => {
      const scene = SHAPES["gateway-api"];
      const objects = [
        ...scene.objects.filter(({ metadata }) => metadata.name !== "config-gateway"),
        configMap("config-gateway", { "external-gateways": text }),
      ];
      const finding = await findingOf({ objects }, gatewaysProgrammed);
      expect(finding).toMatchObject({
        status: "fail",
        summary: "config-gateway names no Gateway under external-gateways",
        remedy: { command: "kubectl edit configmap config-gateway -n knative-serving" },
      });
    },
  );

  it("is told of a visibility that its settings leave out", async () => {
    const objects = [
      ...SHAPES.contour.objects.filter(({ metadata }) => metadata.name !== "config-contour"),
      configMap("config-contour", { visibility: "ExternalIP: {class: a, service: contour-external/envoy}\n" }),
    ];
    expect(await findingOf({ objects }, contourServices)).toMatchObject({
      status: "fail",
      summary: "config-contour names no Service for ClusterLocal",
    });
  });

  it.skipIf(upstream === undefined)("has the names of the released manifests", async () => {
    for (const [id, file] of [
      ["contour", `${upstream}/net-contour/1.23.0/net-contour.yaml`],
      ["gateway-api", `${upstream}/net-gateway-api/1.23.0/net-gateway-api.yaml`],
    ] as const) {
      expect(existsSync(file)).toBe(true);
      const released = parseDocuments(await readFile(file, "utf8")).flatMap(({ value }) =>
        value ? [value as KubeObject] : [],
      );
      const wanted = released.filter(({ kind }) => kind === "Deployment" || kind === "ConfigMap").map(keyOf);
      expect(wanted.length).toBeGreaterThan(1);
      const known = SHAPES[id].objects.map(keyOf);
      expect(wanted.filter((key) => !known.includes(key))).toEqual([]);
    }
  });
});
