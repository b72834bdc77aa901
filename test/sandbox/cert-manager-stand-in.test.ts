import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { at, type KubeObject, keyOf } from "../../src/ports/object.ts";
import { parseManifest } from "../../src/releases/objects.ts";
import { standIn } from "../../src/sandbox/stand-ins/index.ts";
import { upstream } from "../releases/upstream.ts";

/** What of an object has to be as in the release, because controllers, webhooks or steps go by it. */
const essence = (object: KubeObject): unknown => {
  const { kind, metadata } = object;
  const common = { apiVersion: object.apiVersion, labels: metadata.labels ?? {} };
  const template = at(object, "spec", "template");
  const container = at(template, "spec", "containers", 0);
  switch (kind) {
    case "CustomResourceDefinition": {
      const [version] = at(object, "spec", "versions") as Record<string, unknown>[];
      const { name, served, storage, subresources } = version ?? {};
      const names = at(object, "spec", "names");
      return { ...common, names, scope: at(object, "spec", "scope"), version: { name, served, storage, subresources } };
    }
    case "Deployment":
      return {
        ...common,
        selector: at(object, "spec", "selector"),
        podLabels: at(template, "metadata", "labels"),
        account: at(template, "spec", "serviceAccountName"),
        name: at(container, "name"),
        image: String(at(container, "image")).replace(/:.*/, ""),
        ports: at(container, "ports"),
        requests: at(container, "resources", "requests"),
      };
    case "Service":
      return { ...common, spec: object.spec };
    case "MutatingWebhookConfiguration":
    case "ValidatingWebhookConfiguration":
      return { ...common, annotations: metadata.annotations, webhooks: object.webhooks };
    case "ClusterRoleBinding":
    case "RoleBinding":
      return { ...common, roleRef: object.roleRef, subjects: object.subjects };
    default:
      return common;
  }
};

const essences = (objects: readonly KubeObject[]): Record<string, unknown> =>
  Object.fromEntries(objects.map((object) => [keyOf(object), essence(object)]));

describe.skipIf(!upstream)("the stand-in for cert-manager", () => {
  it("agrees with the real 1.18.0 in all that matters", () => {
    const file = join(upstream ?? "", "cert-manager", "1.18.0", "cert-manager.yaml");
    const real = parseManifest(readFileSync(file, "utf8"), "cert-manager.yaml");
    const ours = parseManifest(standIn("cert-manager", "1.18.0", "cert-manager.yaml"), "stand-in");
    expect(essences(ours)).toEqual(essences(real));
  });
});
