/** What the rules of a namespace make of new pods, in the words of the real admission plugins. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createApi } from "../../src/sandbox/api/index.ts";
import type { Api, Obj } from "../../src/sandbox/types.ts";
import { send } from "./wire.ts";

let api: Api;
beforeEach(async () => {
  api = await createApi({});
});
afterEach(() => api.close());

const namespace = async (labels: Record<string, string> = {}): Promise<void> => {
  await api.create("test", { apiVersion: "v1", kind: "Namespace", metadata: { name: "team", labels } });
  await api.create("test", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace: "team" },
  });
};
const pod = (name: string, container: object = {}, spec: object = {}): Obj => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "team" },
  spec: { containers: [{ name: "main", image: "example.com/main", ...container }], ...spec },
});
const needs = (requests: object, limits: object = {}): object => ({ resources: { requests, limits } });
const make = (object: Obj): Promise<string> =>
  api.create("test", object).then(
    () => "made",
    (error: Error) => error.message,
  );
const policy = (kind: string, spec: object): Obj => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "q", namespace: "team" },
  spec,
});

describe("Pod Security", () => {
  const LABEL = "pod-security.kubernetes.io";
  const fit = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
  };

  test("restricted refuses what says nothing about itself", async () => {
    await namespace({ [`${LABEL}/enforce`]: "restricted" });
    expect(await make(pod("p"))).toBe(
      'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
    expect(await make(pod("q", { securityContext: fit }))).toBe("made");
    const { runAsNonRoot, seccompProfile, ...own } = fit;
    expect(await make(pod("r", { securityContext: own }, { securityContext: { runAsNonRoot, seccompProfile } }))).toBe(
      "made",
    );
  });

  test("baseline refuses what reaches for the node", async () => {
    await namespace({ [`${LABEL}/enforce`]: "baseline", [`${LABEL}/enforce-version`]: "v1.30" });
    expect(await make(pod("p"))).toBe("made");
    const container = {
      ports: [{ containerPort: 80, hostPort: 80 }],
      securityContext: { privileged: true, capabilities: { add: ["NET_ADMIN", "CHOWN"] } },
    };
    const spec = { hostNetwork: true, volumes: [{ name: "logs", hostPath: { path: "/var/log" } }] };
    expect(await make(pod("q", container, spec))).toBe(
      'pods "q" is forbidden: violates PodSecurity "baseline:v1.30": host namespaces (hostNetwork), hostPort (container "main" uses hostPort 80), privileged (container "main" must not set securityContext.privileged=true), non-default capabilities (container "main" must not include "NET_ADMIN" in securityContext.capabilities.add), hostPath volumes (volume "logs")',
    );
  });

  test("a workload is let through with a warning, its pods are not", async () => {
    await namespace({ [`${LABEL}/enforce`]: "restricted" });
    const labels = { app: "a" };
    const deployment: Obj = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a", namespace: "team" },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod("p").spec } },
    };
    const answer = await send(api, "/apis/apps/v1/namespaces/team/deployments", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(deployment),
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.warning).toContain(
      'would violate PodSecurity \\"restricted:latest\\": allowPrivilegeEscalation',
    );
  });
});

describe("a ResourceQuota", () => {
  test("counts what pods may use, and says what is used", async () => {
    await namespace();
    await api.create(
      "test",
      policy("ResourceQuota", { hard: { "limits.cpu": "1", "requests.memory": "1Gi", pods: "3" } }),
    );
    expect(await make(pod("silent"))).toBe(
      'pods "silent" is forbidden: failed quota: q: must specify limits.cpu for: main; requests.memory for: main',
    );
    expect(await make(pod("a", needs({ memory: "512Mi" }, { cpu: "700m" })))).toBe("made");
    expect(await make(pod("b", needs({ memory: "768Mi" }, { cpu: "300m" })))).toBe(
      'pods "b" is forbidden: exceeded quota: q, requested: requests.memory=768Mi, used: requests.memory=512Mi, limited: requests.memory=1Gi',
    );
    expect(await make(pod("c", needs({ memory: "1Gi" }, { cpu: "2" })))).toBe(
      'pods "c" is forbidden: exceeded quota: q, requested: limits.cpu=2,requests.memory=1Gi, used: limits.cpu=700m,requests.memory=512Mi, limited: limits.cpu=1,requests.memory=1Gi',
    );
    const quota = { apiVersion: "v1", kind: "ResourceQuota", namespace: "team", name: "q" };
    await expect
      .poll(() => api.get(quota)?.status)
      .toEqual({
        hard: { "limits.cpu": "1", "requests.memory": "1Gi", pods: "3" },
        used: { "limits.cpu": "700m", "requests.memory": "512Mi", pods: "1" },
      });
    // What has ended uses nothing.
    await api.update(
      "kubelet",
      { apiVersion: "v1", kind: "Pod", namespace: "team", name: "a" },
      (draft) => {
        draft.status.phase = "Succeeded";
      },
      { subresource: "status" },
    );
    expect(await make(pod("b", needs({ memory: "768Mi" }, { cpu: "300m" })))).toBe("made");
  });

  test("counts objects of any kind, and the kinds of Services", async () => {
    await namespace();
    const hard = { "count/deployments.apps": "0", "services.loadbalancers": "0", services: "1", configmaps: "9" };
    await api.create("test", policy("ResourceQuota", { hard }));
    const service = (name: string, type: string): Obj => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "team" },
      spec: { type, ports: [{ port: 80 }] },
    });
    expect(await make(service("a", "LoadBalancer"))).toBe(
      'services "a" is forbidden: exceeded quota: q, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0',
    );
    expect(await make(service("a", "ClusterIP"))).toBe("made");
    expect(await make(service("b", "ClusterIP"))).toContain(
      "requested: services=1, used: services=1, limited: services=1",
    );
    const labels = { app: "a" };
    const template = { metadata: { labels }, spec: pod("p").spec };
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", namespace: "team" } };
    expect(await make({ ...deployment, spec: { selector: { matchLabels: labels }, template } })).toBe(
      'deployments.apps "a" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
    );
  });

  test("with scopes charges the pods that fit them", async () => {
    await namespace();
    await api.create("test", policy("ResourceQuota", { hard: { pods: "0" }, scopes: ["NotBestEffort"] }));
    expect(await make(pod("a"))).toBe("made");
    expect(await make(pod("b", needs({ cpu: "1m" })))).toContain("exceeded quota: q, requested: pods=1");
  });
});

describe("a LimitRange", () => {
  const limits = (item: object): Obj => policy("LimitRange", { limits: [{ type: "Container", ...item }] });

  test("gives containers what they do not say", async () => {
    await namespace();
    await api.create("test", limits({ max: { cpu: "1" }, default: { memory: "64Mi" }, min: { cpu: "10m" } }));
    await api.create("test", pod("a", needs({ cpu: "100m" })));
    const { metadata, spec } = api.get({ apiVersion: "v1", kind: "Pod", namespace: "team", name: "a" }) as Obj;
    expect(spec.containers[0].resources).toEqual({
      limits: { cpu: "1", memory: "64Mi" },
      requests: { cpu: "100m", memory: "64Mi" },
    });
    expect(metadata.annotations).toEqual({
      "kubernetes.io/limit-ranger":
        "LimitRanger plugin set: memory request for container main; cpu, memory limit for container main",
    });
  });

  test("refuses more and less than it allows", async () => {
    await namespace();
    await api.create("test", limits({ max: { cpu: "100m" }, min: { memory: "32Mi" } }));
    const refused = (name: string, why: string): string => `pods "${name}" is forbidden: ${why}`;
    expect(await make(pod("a", needs({}, { cpu: "300m", memory: "64Mi" })))).toBe(
      refused("a", "maximum cpu usage per Container is 100m, but limit is 300m"),
    );
    expect(await make(pod("b", needs({ memory: "16Mi" }, { cpu: "300m" })))).toBe(
      refused(
        "b",
        "[minimum memory usage per Container is 32Mi, but request is 16Mi, maximum cpu usage per Container is 100m, but limit is 300m]",
      ),
    );
    expect(await make(pod("c"))).toBe("made");
  });

  test("lets a pod pass a quota that wants limits", async () => {
    await namespace();
    await api.create("test", policy("ResourceQuota", { hard: { "limits.cpu": "1" } }));
    expect(await make(pod("a"))).toContain("failed quota");
    await api.create("test", limits({ default: { cpu: "500m" } }));
    expect(await make(pod("a"))).toBe("made");
  });
});
