import { describe, expect, it } from "vitest";
import { compare } from "../../src/kube/compare.ts";
import type { KubeObject, ManagedFields } from "../../src/ports/object.ts";

const apply = (fieldsV1: object, manager = "kn-bootstrap"): ManagedFields => ({
  manager,
  operation: "Apply",
  apiVersion: "apps/v1",
  fieldsV1: fieldsV1 as ManagedFields["fieldsV1"] & object,
});
const update = (fieldsV1: object, manager: string, subresource?: string): ManagedFields => ({
  ...apply(fieldsV1, manager),
  operation: "Update",
  ...(subresource ? { subresource } : {}),
});

const deployment = (spec: object, managedFields?: ManagedFields[]): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "a", namespace: "n", ...(managedFields ? { managedFields } : {}) },
  spec,
});

const container = { name: "c", image: "i:1", ports: [{ containerPort: 80 }], resources: { limits: { cpu: "1000m" } } };
const owned = {
  "f:spec": {
    "f:template": {
      "f:spec": {
        "f:containers": {
          'k:{"name":"c"}': {
            ".": {},
            "f:name": {},
            "f:image": {},
            "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
            "f:resources": { "f:limits": { "f:cpu": {} } },
          },
        },
      },
    },
  },
};
const wanted = deployment({ template: { spec: { containers: [container] } } });
const stored = (changed: object = {}, managedFields = [apply(owned)]) =>
  deployment(
    {
      replicas: 1,
      template: {
        spec: {
          dnsPolicy: "ClusterFirst",
          containers: [
            {
              ...container,
              ports: [{ containerPort: 80, protocol: "TCP" }],
              resources: { limits: { cpu: "1" } },
              imagePullPolicy: "Always",
              ...changed,
            },
          ],
        },
      },
    },
    managedFields,
  );

describe("comparing a manifest with the live object", () => {
  it("sees through defaults, normalised quantities and generated list keys", () => {
    expect(compare(wanted, stored(), "kn-bootstrap")).toMatchObject({ fields: [], conflicts: [] });
  });

  it("finds a value that is ours and differs", () => {
    expect(compare(wanted, stored({ image: "i:0" }), "kn-bootstrap").fields).toEqual([
      { path: '.spec.template.spec.containers[name="c"].image', from: "i:0", to: "i:1" },
    ]);
  });

  it("finds what was taken away", () => {
    // Whoever removes a field takes it from its owners too.
    const without = structuredClone(owned);
    delete (without["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"c"}'] as Record<string, unknown>)[
      "f:ports"
    ];
    expect(compare(wanted, stored({ ports: undefined }, [apply(without)]), "kn-bootstrap").fields).toMatchObject([
      { path: '.spec.template.spec.containers[name="c"].ports' },
    ]);
  });

  it("removes what we applied earlier and no longer want, and leaves what others added", () => {
    const live = stored(
      {
        env: [
          { name: "OURS", value: "1" },
          { name: "THEIRS", value: "2" },
        ],
      },
      [
        apply({
          "f:spec": {
            "f:template": {
              "f:spec": {
                "f:containers": {
                  'k:{"name":"c"}': {
                    ".": {},
                    "f:env": { 'k:{"name":"OURS"}': { ".": {}, "f:name": {}, "f:value": {} } },
                  },
                },
              },
            },
          },
        }),
        update(
          {
            "f:spec": {
              "f:template": {
                "f:spec": {
                  "f:containers": {
                    'k:{"name":"c"}': { "f:env": { 'k:{"name":"THEIRS"}': { ".": {}, "f:name": {} } } },
                  },
                },
              },
            },
          },
          "kubectl",
        ),
      ],
    );
    expect(compare(wanted, live, "kn-bootstrap").fields).toEqual([
      { path: '.spec.template.spec.containers[name="c"].env[name="OURS"]', from: { name: "OURS", value: "1" } },
    ]);
  });

  it("names the owner of a field that somebody else changed", () => {
    const live = stored({ image: "i:0" }, [
      apply({}),
      update(
        { "f:spec": { "f:template": { "f:spec": { "f:containers": { 'k:{"name":"c"}': { "f:image": {} } } } } } },
        "kubectl-edit",
      ),
    ]);
    const result = compare(wanted, live, "kn-bootstrap");
    expect(result.conflicts).toEqual([
      { path: '.spec.template.spec.containers[name="c"].image', owner: "kubectl-edit", from: "i:0", to: "i:1" },
    ]);
    expect(result.fields).toEqual([]);
  });

  it("leaves replicas to whoever scaled, and does not apply them", () => {
    const live = deployment({ replicas: 5 }, [
      update({ "f:spec": { "f:replicas": {} } }, "kube-controller-manager", "scale"),
    ]);
    const result = compare(deployment({ replicas: 1 }), live, "kn-bootstrap");
    expect(result).toMatchObject({ fields: [], conflicts: [] });
    expect(result.object.spec).toEqual({});
  });

  it("leaves a webhook's rules to the webhook", () => {
    const hook = (rules: object[], managedFields?: ManagedFields[]): KubeObject => ({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "w", ...(managedFields ? { managedFields } : {}) },
      webhooks: [{ name: "w.dev", rules }],
    });
    const live = hook(
      [{ operations: ["CREATE"] }],
      [
        {
          manager: "webhook",
          operation: "Update",
          apiVersion: "admissionregistration.k8s.io/v1",
          fieldsV1: { "f:webhooks": { 'k:{"name":"w.dev"}': { "f:rules": {} } } },
        },
      ],
    );
    const result = compare(hook([{ operations: ["UPDATE"] }]), live, "kn-bootstrap");
    expect(result).toMatchObject({ fields: [], conflicts: [] });
    expect(result.object.webhooks).toEqual([{ name: "w.dev" }]);
  });

  it("compares what merges as a whole including what is too much in it", () => {
    const role = (rules: object[]): KubeObject => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: {
        name: "r",
        managedFields: [
          {
            manager: "kn-bootstrap",
            operation: "Apply",
            apiVersion: "rbac.authorization.k8s.io/v1",
            fieldsV1: { "f:rules": {} },
          },
        ],
      },
      rules,
    });
    const rule = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
    expect(compare(role([rule]), role([rule]), "kn-bootstrap").fields).toEqual([]);
    expect(compare(role([rule]), role([{ ...rule, resourceNames: ["x"] }]), "kn-bootstrap").fields).toHaveLength(1);
    expect(compare(role([rule]), role([rule, rule]), "kn-bootstrap").fields).toHaveLength(1);
  });

  it("does not take an absent value for an empty map inside of a value that merges as a whole", () => {
    const garden = (notes: object): KubeObject => ({
      apiVersion: "apps/v1",
      kind: "Garden",
      metadata: { name: "g", managedFields: [apply({ "f:notes": {} })] },
      notes,
    });
    expect(compare(garden({ x: {} }), garden({}), "kn-bootstrap").fields).toEqual([
      { path: ".notes", from: {}, to: { x: {} } },
    ]);
  });
});
