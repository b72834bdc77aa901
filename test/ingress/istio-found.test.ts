import { describe, expect, it } from "vitest";
import { findIstio } from "../../src/ingress/istio/found.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";

const released = parseManifest(standIn("istio", "1.29.2", "istio.yaml"), "istio.yaml");

const find = (objects: readonly KubeObject[]) =>
  findIstio({ list: async (_, kind) => objects.filter((object) => object.kind === kind) });

const NAME = "istio-ingress";
const IS = { app: NAME, istio: "ingress" };
const metadata = { namespace: NAME, name: NAME, labels: IS };
/** As the chart `gateway` makes it; its pods are filled in by istiod. */
const charted = (podLabels: Record<string, string> = {}): readonly KubeObject[] => [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      template: {
        metadata: { labels: { ...IS, ...podLabels }, annotations: { "inject.istio.io/templates": "gateway" } },
        spec: { serviceAccountName: NAME, containers: [{ name: "istio-proxy", image: "auto" }] },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { type: "LoadBalancer", selector: IS, ports: [{ name: "http2", port: 80, targetPort: 80 }] },
  },
];

const istiod = (revision: string): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    namespace: "istio-system",
    name: `istiod-${revision}`,
    labels: { app: "istiod", "istio.io/rev": revision },
  },
  spec: {
    template: { spec: { containers: [{ name: "discovery", image: "docker.io/istio/pilot:1.28.6-distroless" }] } },
  },
});

describe("an Istio that is in the cluster", () => {
  it("is found as Istio's own generator makes it, and whether we made it", async () => {
    const { istiods, gateways } = await find(released);
    expect(istiods).toMatchObject([{ revision: "default", tags: [], version: "1.29.2", isOurs: false }]);
    expect(gateways).toMatchObject([
      {
        id: "istio-system/istio-ingressgateway",
        selector: { app: "istio-ingressgateway", istio: "ingressgateway" },
        account: "istio-ingressgateway-service-account",
      },
    ]);
    const ours = released.map((object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata.labels, "kn-bootstrap/step": "ingress" } },
    }));
    expect((await find(ours)).istiods).toMatchObject([{ isOurs: true }]);
  });

  it("is told by what its pods run, whatever they are called and wherever they are", async () => {
    const { gateways } = await find([...released, ...charted()]);
    expect(gateways.map(({ id }) => id)).toEqual(["istio-ingress/istio-ingress", "istio-system/istio-ingressgateway"]);
    expect(gateways[0]).toMatchObject({ namespace: NAME, account: NAME, selector: IS });
  });

  it("has the control plane that its pods name, by a revision or by a tag of one", async () => {
    const tag: KubeObject = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "istio-revision-tag-prod", labels: { "istio.io/rev": "1-28-6", "istio.io/tag": "prod" } },
    };
    const served = async (podLabels: Record<string, string>): Promise<string | undefined> => {
      const { gateways } = await find([istiod("1-27-9"), istiod("1-28-6"), tag, ...charted(podLabels)]);
      return gateways[0]?.istiod?.revision;
    };
    expect(await served({ "istio.io/rev": "prod" })).toBe("1-28-6");
    expect(await served({ "istio.io/rev": "1-27-9" })).toBe("1-27-9");
    expect(await served({})).toBeUndefined();
  });

  it("has no gateway in what istiod makes for the Gateway API, nor before a Service for names inside alone", async () => {
    const api = charted({ "gateway.networking.k8s.io/gateway-name": "web" });
    expect((await find(api)).gateways).toEqual([]);
    const [workload, service] = charted() as [KubeObject, KubeObject];
    const label = { "experimental.istio.io/disable-gateway-port-translation": "true" };
    const local = { ...service, metadata: { ...service.metadata, labels: label } };
    expect((await find([workload, local])).gateways).toEqual([]);
  });
});
