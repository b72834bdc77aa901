import { describe, expect, it } from "vitest";
import { makePlan } from "../../src/changes/plan.ts";
import type { Step } from "../../src/changes/step.ts";
import { blank } from "../../src/core/blank.ts";
import { changesOf } from "../../src/core/change.ts";
import type { PlanContext } from "../../src/kube/reconcile.ts";
import { emptySnapshot } from "../../src/kube/snapshot.ts";
import { redact } from "../../src/secrets/redact.ts";

const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "config", namespace: "a" } };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "a" },
  spec: {
    replicas: 2,
    template: { spec: { containers: [{ name: "web", image: "i:1", env: [{ name: "API_TOKEN", value: "hunter2" }] }] } },
  },
};
const crd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "x.example.com" },
  spec: { versions: [{ name: "v1", served: true, schema: { openAPIV3Schema: { type: "object" } } }] },
};

const stepOf = (plan: Step["plan"]): Step => ({ id: "x", title: "X", undo: "Undo X", needs: [], verify: [], plan });
const fieldsOf = async (plan: (ctx: PlanContext) => ReturnType<Step["plan"]>) => {
  const made = await makePlan([stepOf(plan)], { goal: "present", live: emptySnapshot, now: () => new Date(0) });
  return changesOf(made).map(({ fields }) => fields);
};

describe("a plan", () => {
  it("holds everything that a new object sets", async () => {
    expect(await fieldsOf(({ reconcile }) => reconcile([deployment, crd]))).toEqual([
      [
        { path: '.spec.versions[name="v1"].name', to: "v1" },
        { path: '.spec.versions[name="v1"].served', to: true },
        { path: '.spec.versions[name="v1"].schema.openAPIV3Schema', to: { type: "object" } },
      ],
      [
        { path: ".spec.replicas", to: 2 },
        { path: '.spec.template.spec.containers[name="web"].name', to: "web" },
        { path: '.spec.template.spec.containers[name="web"].image', to: "i:1" },
        { path: '.spec.template.spec.containers[name="web"].env[name="API_TOKEN"].name', to: "API_TOKEN" },
        { path: '.spec.template.spec.containers[name="web"].env[name="API_TOKEN"].value', to: "hunter2" },
      ],
    ]);
  });

  it("holds what is set in an object that another step makes first", async () => {
    const data = { [`${blank("the address")}.sslip.io`]: "", https: "on" };
    expect(await fieldsOf(({ reconcile }) => reconcile([{ ...configMap, data }], { partial: true }))).toEqual([
      [
        { path: `.data["${blank("the address")}.sslip.io"]`, to: "" },
        { path: ".data.https", to: "on" },
      ],
    ]);
  });

  it("leaves it to redaction what of them is secret", async () => {
    const shown = redact(await fieldsOf(({ reconcile }) => reconcile([deployment])));
    expect(JSON.stringify(shown)).not.toContain("hunter2");
    expect(JSON.stringify(shown)).toContain("i:1");
  });
});
