import { describe, expect, it } from "vitest";
import { isReady, whyNotReady } from "../../src/checks/knative-service/index.ts";
import { webhookAnswers } from "../../src/checks/webhook.ts";
import type { ReadContext } from "../../src/core/check.ts";
import { ApiError, type ClusterRead, type ListQuery } from "../../src/ports/cluster.ts";
import { type KubeObject, keyOf, type ObjectRef } from "../../src/ports/object.ts";

/** Why a Knative Service is not ready, from what its parts say; the worlds of test/waits and test/engine have the usual cases. */

const SERVING = "serving.knative.dev/v1";
const condition = (type: string, status: string, reason = "", message = "") => ({ type, status, reason, message });
const part = (kind: string, name: string, conditions: readonly object[] = [], more: object = {}): KubeObject => ({
  apiVersion: SERVING,
  kind,
  metadata: { namespace: "team", name, uid: `${kind}-${name}`, generation: 1 },
  status: { observedGeneration: 1, conditions, ...more },
});
const missing = (status: string) =>
  condition("Ready", status, "RevisionMissing", 'Configuration "a" does not have any ready Revision.');
const service = part("Service", "a", [missing("False")]);
const configuration = (...conditions: readonly object[]) =>
  part("Configuration", "a", conditions, { latestCreatedRevisionName: "a-00001" });
const failed = condition("Ready", "False", "RevisionFailed", 'Revision "a-00001" failed with message: x.');
const revision = (...conditions: readonly object[]) => part("Revision", "a-00001", conditions);
const deployment = (message?: string): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    namespace: "team",
    name: "a-00001-deployment",
    uid: "d",
    labels: { "serving.knative.dev/revision": "a-00001" },
  },
  status: { conditions: message ? [condition("ReplicaFailure", "True", "FailedCreate", message)] : [] },
});
const event = (
  about: KubeObject,
  reason: string,
  message: string,
  count = 1,
  name = about.metadata.name,
): KubeObject => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { namespace: "team", name: `${name}.${reason}` },
  involvedObject: { uid: about.metadata.uid, name },
  type: "Warning",
  reason,
  message,
  count,
  lastTimestamp: "2026-01-01T00:00:00Z",
});

const contextOf = (objects: readonly KubeObject[], forbidden: readonly string[] = []): ReadContext => {
  const allow = (kind: string): void => {
    if (forbidden.includes(kind))
      throw new ApiError({ status: 403, reason: "Forbidden", message: "no", request: `GET ${kind}` });
  };
  const cluster = {
    get: async (ref: ObjectRef) => {
      allow(ref.kind);
      return objects.find((one) => keyOf(one) === keyOf(ref));
    },
    list: async ({ kind, namespace, labelSelector }: ListQuery) => {
      allow(kind);
      const [key = "", value] = (labelSelector ?? "").split("=");
      return objects.filter(
        (one) =>
          one.kind === kind &&
          (!namespace || one.metadata.namespace === namespace) &&
          (!labelSelector || one.metadata.labels?.[key] === value),
      );
    },
  };
  return {
    cluster: cluster as unknown as ClusterRead,
    probe: () => Promise.reject(new Error("nobody asks")),
    now: () => new Date("2026-01-01T00:01:00Z"),
    signal: new AbortController().signal,
  };
};
const why = (objects: readonly KubeObject[], before = new Map<string, number>(), forbidden: readonly string[] = []) =>
  whyNotReady(contextOf([service, ...objects], forbidden), service, before);

const DENIED = 'admission webhook "policy.example.com" denied the request: no';
const SUBJECT = "Knative Service team/a";

describe("why a Knative Service is not ready", () => {
  it("a Revision that may not be made: says the policy, and that it is so once it was tried again", async () => {
    const refusal = condition("Ready", "False", "RevisionFailed", `Revision creation failed with message: ${DENIED}.`);
    const unmade = part("Configuration", "a", [refusal]);
    const before = new Map<string, number>();
    const summary = `${SUBJECT} may not make a Revision: ${DENIED}.`;
    expect(await why([unmade, event(unmade, "CreationFailed", DENIED, 3)], before)).toMatchObject({ summary });
    expect(await why([unmade, event(unmade, "CreationFailed", DENIED, 3)], before)).not.toHaveProperty("permanent");
    expect(await why([unmade, event(unmade, "CreationFailed", DENIED, 4)], before)).toHaveProperty("permanent", true);
  });

  it("a Deployment that may not be made: no condition says so, the Revision's events do", async () => {
    const deploying = revision(condition("Ready", "Unknown", "Deploying"));
    const objects = [configuration(condition("Ready", "Unknown")), deploying];
    const before = new Map<string, number>();
    expect(await why(objects, before)).toMatchObject({
      summary: `${SUBJECT} is not ready yet: Revision team/a-00001: Deploying`,
    });
    const told = event(deploying, "InternalError", `failed to create deployment "a-00001-deployment": ${DENIED}`);
    expect(await why([...objects, told], before)).toMatchObject({
      summary: `${SUBJECT} may not make its Deployment: ${DENIED}`,
      permanent: true,
    });
  });

  it("pods that may not be made because of a webhook that was left over: names its configuration", async () => {
    const call =
      'Internal error occurred: failed calling webhook "pods.example.com": failed to call webhook: Post "https://guard.policy.svc:443/?timeout=10s": service "guard" not found';
    const left: KubeObject = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata: { name: "old-policy" },
      webhooks: [{ name: "pods.example.com", clientConfig: { service: { namespace: "policy", name: "guard" } } }],
    };
    const objects = [
      configuration(failed),
      revision(condition("Ready", "False", "FailedCreate", call)),
      deployment(call),
    ];
    const finding = await why([...objects, left]);
    expect(finding).toMatchObject({
      summary: `${SUBJECT} cannot make pods: the webhook pods.example.com cannot be called: Service policy/guard does not exist (MutatingWebhookConfiguration old-policy)`,
      remedy: { command: "kubectl delete mutatingwebhookconfiguration old-policy" },
    });
    // Who removed it may put it back.
    expect(finding).not.toHaveProperty("permanent");
  });

  it("what was refused last counts, not what the condition says first", async () => {
    const first =
      'pods "x" is forbidden: error looking up service account team/default: serviceaccount "default" not found';
    const last =
      'Error creating: pods "y" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
    const owner = deployment(first);
    const objects = [configuration(failed), revision(condition("Ready", "False", "FailedCreate", first)), owner];
    const told = event(owner, "FailedCreate", last, 1, "a-00001-deployment-5f676b4bf5");
    expect(await why([...objects, told])).toMatchObject({
      summary: `${SUBJECT} may not make pods: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1`,
    });
  });

  it("a quota that was full before we came is not permanent until it refuses again", async () => {
    const full = 'pods "y" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
    const owner = deployment(full);
    const objects = [configuration(failed), revision(condition("Ready", "False", "FailedCreate", full)), owner];
    const told = (count: number) => event(owner, "FailedCreate", full, count, "a-00001-deployment-5f676b4bf5");
    const before = new Map<string, number>();
    expect(await why([...objects, told(5)], before)).not.toHaveProperty("permanent");
    expect(await why([...objects, told(6)], before)).toHaveProperty("permanent", true);
  });

  it.each([
    [
      "private to those who log in",
      "HEAD https://ghcr.io/v2/x/y/manifests/1: unexpected status code 401 Unauthorized (HEAD responses have no body, use GET for details)",
      "401 from ghcr.io",
      true,
    ],
    [
      "unknown there",
      "GET https://ghcr.io/v2/x/y/manifests/1: MANIFEST_UNKNOWN: manifest unknown",
      "404 from ghcr.io (manifest unknown)",
      true,
    ],
    [
      "limited",
      "HEAD https://ghcr.io/v2/x/y/manifests/1: unexpected status code 429 Too Many Requests (HEAD responses have no body, use GET for details)",
      "429 from ghcr.io (too many pulls)",
      false,
    ],
    [
      "behind a private CA",
      'Get "https://ghcr.io/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      false,
    ],
  ])(
    "an image %s: is final only when the registry has refused it twice since we came",
    async (_what, answer, said, refused) => {
      const text = `Unable to fetch image "ghcr.io/x/y:1": failed to resolve image to digest: ${answer}`;
      const unresolved = revision(
        condition("Ready", "False", "ContainerMissing", text),
        condition("ContainerHealthy", "False", "ContainerMissing", text),
      );
      const asked = (count: number) => [
        configuration(failed),
        unresolved,
        event(unresolved, "InternalError", text, count),
      ];
      const before = new Map<string, number>();
      expect(await why(asked(7), before)).toMatchObject({ summary: `${SUBJECT} cannot get its image: ${said}` });
      expect(await why(asked(8), before)).not.toHaveProperty("permanent");
      const third = await why(asked(9), before);
      if (refused) expect(third).toHaveProperty("permanent", true);
      else {
        expect(third).not.toHaveProperty("permanent");
        expect(third).toMatchObject({ remedy: { text: expect.stringContaining("--skip-tag-resolution ghcr.io") } });
      }
    },
  );

  it("an ingress that nobody takes: names where its class stands", async () => {
    const waiting = condition("Ready", "Unknown", "IngressNotConfigured", "Ingress has not yet been reconciled.");
    const ready = condition("Ready", "True");
    expect(await why([configuration(ready), revision(ready), part("Route", "a", [waiting])])).toMatchObject({
      summary: `${SUBJECT} is not ready yet: Route team/a: IngressNotConfigured: Ingress has not yet been reconciled.`,
      remedy: { command: "kubectl get kingress a -n team -o yaml" },
    });
  });

  it("one that Knative has not looked at: names its controller", async () => {
    const fresh = { ...service, status: {} };
    expect(await whyNotReady(contextOf([fresh]), fresh, new Map())).toMatchObject({
      summary: `${SUBJECT} is not ready yet: Knative has not looked at it`,
      remedy: { command: expect.stringContaining("kubectl logs deployment/controller -n knative-serving") },
    });
  });

  it("is told in the Service's words where nothing below it may be read", async () => {
    const summary = `${SUBJECT} is not ready yet: RevisionMissing: Configuration "a" does not have any ready Revision.`;
    expect(await why([configuration(failed)], new Map(), ["Configuration"])).toMatchObject({ summary });
    expect(await why([configuration(failed), revision(failed)], new Map(), ["Deployment"])).toMatchObject({ summary });
  });
});

it("a Service is ready when Knative says so of what is asked now", () => {
  const ready = part("Service", "a", [condition("Ready", "True")]);
  expect(isReady(ready)).toBe(true);
  expect(isReady({ ...ready, metadata: { ...ready.metadata, generation: 2 } })).toBe(false);
  expect(isReady(service)).toBe(false);
});

it("Knative's webhook without its Service is told as that", async () => {
  expect(await webhookAnswers.run(contextOf([]), new Map())).toMatchObject({
    summary: "Service knative-serving/webhook does not exist",
    remedy: { text: expect.stringContaining("install") },
  });
});
