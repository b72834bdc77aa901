import { describe, expect, it } from "vitest";
import type { Proof } from "../../src/checks/proven.ts";
import { startsFromZero } from "../../src/checks/zero.ts";
import { type Config, FLAT } from "../../src/config/config.ts";
import { createNaming } from "../../src/config/naming.ts";
import type { Finding, ReadContext } from "../../src/core/check.ts";
import type { IngressProvider } from "../../src/ingress/provider.ts";
import type { ClusterRead, ListQuery } from "../../src/ports/cluster.ts";
import type { KubeObject, ObjectRef } from "../../src/ports/object.ts";

const NAMESPACE = "kn-bootstrap";
const labels = { "serving.knative.dev/service": "hello" };
const made = (apiVersion: string, kind: string, name: string, fields: Partial<KubeObject> = {}): KubeObject => ({
  apiVersion,
  kind,
  ...fields,
  metadata: { name, namespace: NAMESPACE, uid: `uid of ${name}`, labels, ...fields.metadata },
});
const deployment = (replicas: number) =>
  made("apps/v1", "Deployment", "hello-00001-deployment", { spec: { replicas } });
const pod = (name: string, metadata: object = {}, phase = "Running"): KubeObject =>
  made("v1", "Pod", name, { metadata: { ...metadata } as KubeObject["metadata"], status: { phase } });
/** Told to end five seconds ago, at ten o'clock, with five minutes of grace. */
const draining = (name: string) => {
  const found = pod(name);
  found.metadata.deletionTimestamp = "2026-01-01T10:04:55Z";
  return found;
};
const sks = (mode: string) =>
  made("networking.internal.knative.dev/v1alpha1", "ServerlessService", "hello-00001", { spec: { mode } });
const service = made("serving.knative.dev/v1", "Service", "hello", {
  spec: { template: { metadata: { annotations: { "autoscaling.knative.dev/window": "6s" } } } },
});
const autoscaler = (data: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: "knative-serving", name: "config-autoscaler" },
  data,
});

const proof = {
  config: { address: "192.0.2.1", tls: "none" } as Config,
  ingress: {} as IngressProvider,
  service: { apiVersion: "serving.knative.dev/v1", kind: "Service", namespace: NAMESPACE, name: "hello" },
  greeting: "kn-bootstrap",
  reached: {},
  naming: async () => createNaming({ template: FLAT, domain: "example.com", namespaces: [], isHttps: false }),
} as Proof;

/** Looks once. `onRequest` is what the request does to the cluster, in which all that there is changes at once. */
const look = async (
  objects: readonly KubeObject[],
  { onRequest = () => objects, status = 200 }: { onRequest?: () => readonly KubeObject[]; status?: number } = {},
): Promise<{ finding: Finding; requests: number }> => {
  let there = [...objects];
  let requests = 0;
  const matches =
    ({ kind, namespace }: Pick<ListQuery, "kind" | "namespace">) =>
    (object: KubeObject) =>
      object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace);
  const cluster = {
    list: async (query: ListQuery) => there.filter(matches(query)),
    get: async (ref: ObjectRef) => there.filter(matches(ref)).find(({ metadata }) => metadata.name === ref.name),
  } as unknown as ClusterRead;
  const ctx: ReadContext = {
    cluster,
    now: () => new Date("2026-01-01T10:00:00Z"),
    signal: new AbortController().signal,
    probe: async () => {
      requests += 1;
      there = [...onRequest()];
      return { status, headers: {}, body: "Hello kn-bootstrap!" };
    },
  };
  return { finding: await startsFromZero(proof).run(ctx, new Map()), requests };
};
const waiting = (text: string) => ({
  finding: { status: "fail", summary: `waiting until no pod is left: ${text}`, remedy: expect.anything() },
  requests: 0,
});

describe("a start from zero", () => {
  it("says what the autoscaler waits for", async () => {
    expect(await look([service, deployment(1), pod("old"), sks("Proxy")])).toEqual(
      waiting("the autoscaler lets it go after 6s without requests and 30s of grace, about 40 s more; then it drains"),
    );
    const slow = autoscaler({ "scale-to-zero-grace-period": "2m" });
    expect((await look([service, deployment(1), slow])).finding.summary).toContain("2m of grace, about 130 s more");
  });

  it("is none while an old pod drains, which would answer", async () => {
    expect(await look([service, deployment(0), draining("old"), sks("Proxy")])).toEqual(
      waiting("Pod kn-bootstrap/old is draining, for 5 min more at most; it mostly takes 30 s"),
    );
  });

  it("is none while requests may go to pods without the activator", async () => {
    expect(await look([service, deployment(0), sks("Serve")])).toEqual(
      waiting("ServerlessService kn-bootstrap/hello-00001 does not send to the activator yet"),
    );
  });

  it("is proved by a pod that was made for the request, whatever has ended before", async () => {
    const ended = pod("old", {}, "Failed");
    const zero = [service, deployment(0), ended, sks("Proxy")];
    const { finding, requests } = await look(zero, { onRequest: () => [...zero, pod("new")] });
    expect(finding).toMatchObject({ status: "ok", summary: expect.stringMatching(/^answers from zero in \d+\.\d s$/) });
    expect(requests).toBe(1);
  });

  it("is not proved by an answer for which nothing was started", async () => {
    const { finding } = await look([service, deployment(0), sks("Proxy")]);
    expect(finding).toMatchObject({
      status: "fail",
      summary: "hello-kn-bootstrap.example.com answers, but no pod was started for it",
    });
  });

  it("is not proved by an error", async () => {
    const { finding } = await look([service, deployment(0), sks("Proxy")], { status: 503 });
    expect(finding).toMatchObject({ status: "fail", summary: expect.stringContaining("answers 503") });
  });

  it("never comes where the cluster keeps a pod of everything", async () => {
    for (const [key, value] of [
      ["enable-scale-to-zero", "false"],
      ["min-scale", "1"],
    ] as const) {
      const { finding } = await look([service, deployment(1), autoscaler({ [key]: value })]);
      expect(finding).toMatchObject({
        permanent: true,
        summary: `nothing scales to zero here: config-autoscaler says ${key}: ${value}`,
        remedy: { text: "--skip-checks proof.zero leaves this out." },
      });
    }
  });
});
