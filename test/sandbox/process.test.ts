import { expect, it } from "vitest";
import { versionRefusal } from "../../src/sandbox/knative/process.ts";
import type { Stage } from "../../src/sandbox/objects.ts";
import type { Obj } from "../../src/sandbox/types.ts";

/** A pod of knative-serving/controller, and a stage on which that Deployment says its version. */
const scene = (knative: string, kubernetes: string, env: object[] = []): readonly [Stage, Obj] => {
  const labels = { "app.kubernetes.io/version": knative };
  const pod = {
    metadata: {
      namespace: "knative-serving",
      labels: { "pod-template-hash": "x" },
      ownerReferences: [{ kind: "ReplicaSet", name: "controller-x" }],
    },
    spec: { containers: [{ env }] },
  };
  const get = ({ name }: { name: string }) => (name === "controller" ? { metadata: { labels } } : undefined);
  return [{ api: { get }, version: kubernetes } as unknown as Stage, pod as unknown as Obj];
};

it.each([
  ["1.14.2", "v1.28.0", undefined],
  ["1.16.3", "v1.27.16", "1.28.0"],
  ["1.17.2", "v1.29.14", "1.30.0"],
  ["1.18.2", "v1.30.13", "1.31.0"],
  ["1.19.9", "v1.31.9", "1.32.0"],
  ["1.20.3", "v1.32.0", undefined],
  ["1.21.3", "v1.32.5", "1.33.0"],
  ["1.22.1", "v1.33.4", "1.34.0"],
  ["1.23.0", "v1.34.0-rc.1", undefined],
])("Knative %s on Kubernetes %s needs %s", (knative, kubernetes, needed) => {
  const refusal = versionRefusal(...scene(knative, kubernetes));
  if (needed === undefined) expect(refusal).toBeUndefined();
  else expect(refusal).toContain(`need at least \\"${needed}-0\\"`);
});

it("is told otherwise by KUBERNETES_MIN_VERSION", () => {
  const env = [{ name: "KUBERNETES_MIN_VERSION", value: "1.27.0" }];
  expect(versionRefusal(...scene("1.23.0", "v1.28.0", env))).toBeUndefined();
});
