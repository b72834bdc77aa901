import { describe, expect, it } from "vitest";
import { gatewayAddress } from "../../src/checks/ingress.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { configMap, findingOf, KNATIVE, object } from "./scene.ts";

const network = configMap("config-network", { "ingress-class": "kourier.ingress.networking.knative.dev" });
const ports = [{ port: 80 }, { port: 443 }];
const kourier = (more: object = {}, metadata: object = {}): KubeObject =>
  object(
    "Service",
    "kourier-system/kourier",
    { spec: { type: "LoadBalancer", ports, ...more }, status: {} },
    { uid: "k", ...metadata },
  );
const node = (providerID: string, labels: Record<string, string> = {}) =>
  object("Node", "one", { spec: { providerID } }, { labels });
const look = (...more: readonly KubeObject[]) =>
  findingOf(
    {
      objects: [
        ...KNATIVE,
        network,
        ...(more.some(({ metadata }) => metadata.name === "kourier") ? [] : [kourier()]),
        ...more,
      ],
    },
    gatewayAddress,
  );

describe("a gateway without an address", () => {
  it("is told of in the words of the cloud's controller, with what they mean", async () => {
    const event = (message: string) =>
      object("Event", "kourier-system/e", {
        type: "Warning",
        reason: "SyncLoadBalancerFailed",
        message,
        involvedObject: { uid: "k", name: "kourier" },
      });
    const subnets = await look(event("could not find any suitable subnets for creating the ELB"));
    expect(subnets).toMatchObject({
      status: "fail",
      remedy: { text: expect.stringMatching(/kubernetes\.io\/role\/elb=1/) },
    });
    expect(subnets.summary).toMatch(/SyncLoadBalancerFailed: could not find any suitable subnets/);
    const pool = await look(event('Failed to allocate IP for "kourier-system/kourier": no available IPs'));
    expect(pool).toMatchObject({ remedy: { text: expect.stringMatching(/add a range/) } });
  });

  it("on k3s is told who has its ports on the nodes", async () => {
    const message = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
    const svclb = object(
      "Pod",
      "kube-system/svclb-kourier-1",
      { status: { conditions: [{ type: "PodScheduled", status: "False", message }] } },
      { labels: { "svccontroller.k3s.cattle.io/svcname": "kourier" } },
    );
    const traefik = object("Service", "kube-system/traefik", {
      spec: { type: "LoadBalancer", ports },
      status: { loadBalancer: { ingress: [{ ip: "192.0.2.10" }] } },
    });
    const finding = await look(node("k3s://one"), svclb, traefik);
    expect(finding.summary).toMatch(/Service kube-system\/traefik has port 80 of every node.*didn't have free ports/);
    expect(finding).toMatchObject({
      remedy: {
        text: expect.stringMatching(/--disable traefik/),
        command: `kubectl patch service traefik -n kube-system --type merge -p '{"spec":{"type":"ClusterIP"}}'`,
      },
    });
    expect((await look(node("k3s://one"), svclb)).summary).toMatch(/finds no node with free ports/);
    expect(await look(node("k3s://one"))).toMatchObject({ remedy: { text: expect.stringMatching(/servicelb/) } });
  });

  it("with MetalLB is told whether that has addresses at all", async () => {
    const controller = object("Deployment.apps/v1", "metallb-system/controller");
    expect((await look(controller)).summary).toMatch(/there is no IPAddressPool/);
    const pool = object("IPAddressPool.metallb.io/v1beta1", "metallb-system/pool");
    expect(await look(controller, pool)).toMatchObject({
      summary: "LoadBalancer pending: MetalLB has not claimed Service kourier-system/kourier",
      remedy: { command: "kubectl logs deployment/controller -n metallb-system --tail=20" },
    });
  });

  it("is told by what the cluster runs on where nobody says anything", async () => {
    expect(await look(node("kind://docker/a/b"))).toMatchObject({
      summary: "LoadBalancer pending: no controller has claimed Service kourier-system/kourier",
      remedy: { command: "kn-bootstrap install --expose nodeport" },
    });
    expect(await look(node("", { "minikube.k8s.io/name": "minikube" }))).toMatchObject({
      remedy: { command: "minikube tunnel" },
    });
    expect(await look(node("constructor://x"))).toMatchObject({
      remedy: { command: "kubectl describe service kourier -n kourier-system" },
    });
    const ofClass = await look(kourier({ loadBalancerClass: "service.k8s.aws/nlb" }));
    expect(ofClass.summary).toMatch(/asks for the class service\.k8s\.aws\/nlb/);
  });
});
