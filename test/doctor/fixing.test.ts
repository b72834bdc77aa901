import { describe, expect, it } from "vitest";
import { changesOf } from "../../src/core/change.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { configMap, KNATIVE, mendingOf, object } from "./scene.ts";

const KOURIER = "kourier.ingress.networking.knative.dev";
const EXAMPLE = "\n# ingress-class: istio\n# domain-template: x\n# http-protocol: Enabled\n";

const network = (data: Readonly<Record<string, string>>, metadata: object = {}): KubeObject => {
  const made = configMap("config-network", { _example: EXAMPLE, ...data });
  return { ...made, metadata: { ...made.metadata, resourceVersion: "7", ...metadata } };
};
const CHECKED: readonly string[] = ["network.class", "config.keys", "domain.default", "domain-mappings.claimed"];
const mend = async (...objects: readonly KubeObject[]) => {
  const { plan, forecast } = await mendingOf({ objects: [...KNATIVE, ...objects] });
  return {
    changes: changesOf(plan),
    notes: plan.steps.flatMap(({ notes }) => notes),
    left: forecast.left.map(({ check }) => check.id).filter((id) => CHECKED.includes(id)),
    later: forecast.later.map(({ check }) => check.id).filter((id) => CHECKED.includes(id)),
  };
};

describe("doctor --fix", () => {
  it("plans what the printed command does, field by field, and says what would be left", async () => {
    const { changes, left } = await mend(network({ "ingress.class": "contour.ingress.networking.knative.dev" }));
    expect(changes).toMatchObject([
      {
        kind: "patch",
        action: "update",
        object: { kind: "ConfigMap", name: "config-network" },
        version: "7",
        fields: [
          { path: ".data.ingress-class", to: KOURIER },
          { path: '.data["ingress.class"]', from: "contour.ingress.networking.knative.dev" },
        ],
      },
    ]);
    expect(left).toEqual([]);
  });

  it("does two things to one object, and what two checks say once", async () => {
    const { changes, left } = await mend(
      network({ "ingres-class": KOURIER, "domain-template": "a", domainTemplate: "b" }),
      configMap("config-domain", { "a.example.com": "", "b.example.com": "" }),
    );
    expect(changes.map(({ kind, action }) => `${kind} ${action}`)).toEqual(Array(3).fill("patch update"));
    expect(left).toEqual([]);
  });

  it("leaves to be seen afterwards what a controller does", async () => {
    const mapping = object("DomainMapping.serving.knative.dev/v1beta1", "web/www.example.com", {
      status: { conditions: [{ type: "DomainClaimed", status: "False", message: "no claim" }] },
    });
    const { changes, left, later } = await mend(network({ "ingress-class": KOURIER }), mapping);
    expect(changes).toMatchObject([
      {
        kind: "object",
        action: "create",
        object: { kind: "ClusterDomainClaim", metadata: { name: "www.example.com" }, spec: { namespace: "web" } },
      },
    ]);
    expect({ left, later }).toEqual({ left: [], later: ["domain-mappings.claimed"] });
  });

  const wrong = { "ingress-class": "contour.ingress.networking.knative.dev" };
  const fields = (manager: string) => ({
    managedFields: [{ manager, operation: "Apply", fieldsV1: { "f:data": { "f:ingress-class": {} } } }],
  });
  it.each([
    ["Argo CD", { annotations: { "argocd.argoproj.io/tracking-id": "knative:/ConfigMap:knative-serving/x" } }],
    [
      "Flux",
      { labels: { "kustomize.toolkit.fluxcd.io/name": "infra", "kustomize.toolkit.fluxcd.io/namespace": "flux" } },
    ],
    ["Config Sync", { annotations: { "configsync.gke.io/resource-id": "_configmap_knative-serving_config-network" } }],
    ["Helm", { annotations: { "meta.helm.sh/release-name": "knative" } }],
    ["KnativeServing", { ownerReferences: [{ kind: "KnativeServing", name: "a", uid: "1", controller: true }] }],
    ["somebody-else", fields("somebody-else")],
  ])("changes nothing that %s keeps, and says so", async (name, metadata) => {
    const scene = { objects: [...KNATIVE, network(wrong, metadata)] };
    const { plan, found, forecast } = await mendingOf(scene);
    expect({ changes: changesOf(plan), found }).toEqual({ changes: [], found: [] });
    const left = forecast.left.find(({ check }) => check.id === "network.class");
    expect(left?.finding).toMatchObject({
      remedy: { text: expect.stringContaining(`ConfigMap knative-serving/config-network is kept by`) },
    });
    expect(JSON.stringify(left?.finding)).toContain(name);
  });

  it.each(["kubectl", "kubectl-edit", "kubectl-client-side-apply", "kn-bootstrap"])(
    "changes what a person wrote by hand with %s",
    async (manager) => {
      expect((await mend(network(wrong, fields(manager)))).changes).toHaveLength(1);
    },
  );
});
