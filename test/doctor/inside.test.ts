import { describe, expect, it } from "vitest";
import { activatorConnected } from "../../src/checks/activator.ts";
import { admissionReached } from "../../src/checks/admission-path.ts";
import { classesServed } from "../../src/checks/configuration/classes.ts";
import { settingsKept } from "../../src/checks/configuration/writers.ts";
import { podsLetIn } from "../../src/checks/let-in/index.ts";
import { keyReaders } from "../../src/checks/secret-readers.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { configMap, findingOf, KNATIVE, object } from "./scene.ts";

const NOW = "2026-11-30T12:00:00Z";

describe("serving.activator", () => {
  const pod = (app: string, ready: string) =>
    object(
      "Pod",
      `knative-serving/${app}-1`,
      { status: { phase: "Running", conditions: [{ type: "Ready", status: ready }] } },
      { labels: { app }, uid: app },
    );
  const probe = object("Event", "knative-serving/e", {
    type: "Warning",
    message: "Readiness probe failed: HTTP probe failed with statuscode: 500",
    involvedObject: { uid: "activator" },
  });
  const policy = (name: string, spec: object) =>
    object("NetworkPolicy.networking.k8s.io/v1", `knative-serving/${name}`, { spec });
  const find = (objects: readonly KubeObject[], logs?: string) =>
    findingOf({ objects: [...KNATIVE, ...objects], logs: () => logs }, activatorConnected);
  const broken = [pod("activator", "False"), pod("autoscaler", "True"), probe];

  it("holds while it is ready, and leaves an autoscaler that does not run to who looks at that", async () => {
    expect(await find([pod("activator", "True"), pod("autoscaler", "True"), probe])).toMatchObject({ status: "ok" });
    expect(await find([pod("activator", "False"), pod("autoscaler", "False"), probe])).toMatchObject({
      status: "skipped",
    });
  });

  it.each([
    ["lets nobody in", { podSelector: {}, policyTypes: ["Ingress"] }, /deny keeps the activator from port 8080/],
    [
      "lets in another namespace alone",
      {
        podSelector: { matchLabels: { app: "autoscaler" } },
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { a: "b" } } }] }],
      },
      /deny keeps the activator from port 8080/,
    ],
    [
      "lets out to another port",
      { podSelector: {}, policyTypes: ["Egress"], egress: [{ ports: [{ port: 443 }] }] },
      /deny keeps the activator from port 8080/,
    ],
    [
      "lets out to no name server",
      {
        podSelector: { matchLabels: { app: "activator" } },
        policyTypes: ["Egress"],
        egress: [{ to: [{ podSelector: {} }], ports: [{ port: 8080 }] }],
      },
      /deny keeps the activator from a name server/,
    ],
  ])("names a NetworkPolicy that %s", async (_what, spec, words) => {
    const finding = await find([...broken, policy("deny", spec)]);
    expect(finding).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(words),
      remedy: { command: "kubectl edit networkpolicy deny -n knative-serving" },
    });
  });

  it("accuses no policy that another one makes up for, and says what the activator wrote", async () => {
    const denied = policy("deny", { podSelector: {}, policyTypes: ["Ingress"] });
    const allowed = policy("allow", { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] });
    const line =
      '{"level":"error","msg":"Failed to connect to ws://autoscaler.knative-serving.svc.cluster.local:8080: dial tcp: lookup autoscaler.knative-serving.svc.cluster.local: no such host"}';
    const finding = await find([...broken, denied, allowed], `a\n${line}\nb\n`);
    expect(finding).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/has no connection to the autoscaler: .*no such host/),
      remedy: { text: expect.stringMatching(/^The cluster's DNS does not answer/) },
    });
    expect(finding.summary).not.toMatch(/allow|deny/);
  });
});

describe("serving.admission", () => {
  const event = (message: string, at = NOW) =>
    object("Event", "default/e", { type: "Warning", lastTimestamp: at, message, involvedObject: { name: "hello" } });
  const call = (webhook: string, why: string) =>
    `Internal error occurred: failed calling webhook "${webhook}": failed to call webhook: Post "https://webhook.knative-serving.svc:443/?timeout=10s": ${why}`;
  const node = (providerID: string) => object("Node", "a", { spec: { providerID } });
  const find = (...objects: readonly KubeObject[]) => findingOf({ objects: [...objects], now: NOW }, admissionReached);

  it("holds without such words, with old ones, and with those about somebody else's webhook", async () => {
    expect(await find()).toMatchObject({ status: "ok" });
    const late = call("webhook.serving.knative.dev", "context deadline exceeded");
    expect(await find(event(late, "2026-11-30T11:00:00Z"))).toMatchObject({ status: "ok" });
    expect(await find(event(call("other.example.com", "context deadline exceeded")))).toMatchObject({ status: "ok" });
  });

  it.each([
    ["context deadline exceeded", "gce://p/z/n", /^gcloud compute firewall-rules create .*tcp:8443/],
    [
      "dial tcp 10.0.0.7:8443: connect: connection refused",
      "aws:///z/i-1",
      /^aws ec2 authorize-security-group-ingress .*8443$/,
    ],
    ["context deadline exceeded", "kind://docker/a/b", /^kubectl get pods -n knative-serving -l app=webhook/],
    ["x509: certificate signed by unknown authority", "gce://p/z/n", /^kubectl rollout restart deployment webhook/],
  ])("tells %s at %s apart, with the command", async (why, provider, command) => {
    const finding = await find(event(call("webhook.serving.knative.dev", why)), node(provider));
    expect(finding).toMatchObject({ status: "fail", remedy: { command: expect.stringMatching(command) } });
    expect(finding.summary).toContain(why);
  });
});

describe("network.classes", () => {
  const ingress = (className: string, ready: string) =>
    object(
      "Ingress.networking.internal.knative.dev/v1alpha1",
      "default/hello",
      { status: { conditions: [{ type: "Ready", status: ready }] } },
      { annotations: { "networking.knative.dev/ingress.class": className } },
    );
  const find = (className: string, ready = "Unknown") =>
    findingOf({ objects: [...KNATIVE, ingress(className, ready)] }, classesServed);

  it("names who asks for an ingress that is not here; a class of one's own is believed", async () => {
    expect(await find("kourier.ingress.networking.knative.dev")).toMatchObject({ status: "ok" });
    expect(await find("own.example.com")).toMatchObject({ status: "ok" });
    expect(await find("istio.ingress.networking.knative.dev", "True")).toMatchObject({ status: "ok" });
    expect(await find("istio.ingress.networking.knative.dev")).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/Ingress default\/hello has the class istio.*no net-istio-controller runs here/),
    });
  });
});

describe("config.writers", () => {
  const config = (manager: string, metadata: object) => ({
    ...configMap("config-gc", { "max-non-active-revisions": "5" }),
    metadata: {
      namespace: "knative-serving",
      name: "config-gc",
      managedFields: [{ manager, fieldsV1: { "f:data": { "f:max-non-active-revisions": {}, "f:_example": {} } } }],
      ...metadata,
    },
  });
  const operator = (value?: string) =>
    object("KnativeServing.operator.knative.dev/v1beta1", "knative-serving/ks", {
      spec: { config: { gc: value === undefined ? {} : { "max-non-active-revisions": value } } },
    });
  const owned = {
    ownerReferences: [{ kind: "KnativeServing", name: "ks", uid: "x", apiVersion: "operator.knative.dev/v1beta1" }],
  };
  const find = (...objects: readonly KubeObject[]) => findingOf({ objects: [...KNATIVE, ...objects] }, settingsKept);

  it("is about what another program keeps, and about what people wrote into it", async () => {
    expect(await find(config("kubectl-edit", {}))).toMatchObject({ status: "skipped" });
    expect(await find(config("manager", owned), operator())).toMatchObject({ status: "ok" });
  });

  it("tells where to write: the operator's object, or Git", async () => {
    expect(await find(config("kubectl-edit", owned), operator())).toMatchObject({
      status: "warn",
      summary:
        "max-non-active-revisions of config-gc was written by kubectl-edit, and the Knative operator (KnativeServing knative-serving/ks) keeps it",
      remedy: {
        command: `kubectl patch knativeserving ks -n knative-serving --type merge -p '{"spec":{"config":{"gc":{"max-non-active-revisions":"5"}}}}'`,
      },
    });
    const argo = { annotations: { "argocd.argoproj.io/tracking-id": "knative:/ConfigMap:knative-serving/config-gc" } };
    expect(await find(config("k9s", argo))).toMatchObject({
      status: "warn",
      remedy: { text: expect.stringMatching(/^Write it where Argo CD reads it from, for application knative/) },
    });
  });

  it("is content with what is written in both places, and tells what will come instead", async () => {
    expect(await find(config("kubectl-edit", owned), operator("5"))).toMatchObject({ status: "ok" });
    expect(await find(config("kubectl-edit", owned), operator("9"))).toMatchObject({
      status: "warn",
      evidence: [expect.objectContaining({ expected: "9" })],
    });
  });
});

describe("certificate.readers", () => {
  const RBAC = "rbac.authorization.k8s.io/v1";
  const rule = (more: object = {}) => ({ apiGroups: [""], resources: ["secrets"], verbs: ["get"], ...more });
  const role = (type: string, name: string, rules: readonly object[]) => object(`${type}.${RBAC}`, name, { rules });
  const bind = (type: string, name: string, to: string, roleName: string, subject: object) =>
    object(`${type}.${RBAC}`, name, { roleRef: { kind: to, name: roleName }, subjects: [subject] });
  const kourier = [
    configMap("config-network", { "ingress-class": "kourier.ingress.networking.knative.dev" }),
    configMap("config-kourier", { "certs-secret-namespace": "certs", "certs-secret-name": "wildcard" }),
  ];
  const find = (...objects: readonly KubeObject[]) =>
    findingOf({ objects: [...KNATIVE, ...kourier, ...objects] }, keyReaders);
  const user = { kind: "User", name: "eve" };

  it.each([
    [
      "a ClusterRole bound everywhere",
      [role("ClusterRole", "r", [rule()]), bind("ClusterRoleBinding", "b", "ClusterRole", "r", user)],
      "User eve",
    ],
    [
      "a ClusterRole bound in its namespace",
      [role("ClusterRole", "r", [rule({ verbs: ["*"] })]), bind("RoleBinding", "certs/b", "ClusterRole", "r", user)],
      "User eve",
    ],
    [
      "a Role for this name",
      [
        role("Role", "certs/r", [rule({ resourceNames: ["wildcard"], verbs: ["watch"] })]),
        bind("RoleBinding", "certs/b", "Role", "r", user),
      ],
      "User eve",
    ],
    [
      "whoever has a credential",
      [
        role("ClusterRole", "r", [rule()]),
        bind("ClusterRoleBinding", "b", "ClusterRole", "r", { kind: "Group", name: "system:authenticated" }),
      ],
      "Group system:authenticated",
    ],
    [
      "another namespace's account",
      [
        role("ClusterRole", "cluster-admin", [rule({ apiGroups: ["*"], resources: ["*"], verbs: ["*"] })]),
        bind("ClusterRoleBinding", "b", "ClusterRole", "cluster-admin", {
          kind: "ServiceAccount",
          namespace: "gitlab-agent",
          name: "agentk",
        }),
      ],
      "ServiceAccount gitlab-agent/agentk",
    ],
  ])("names who reads it by %s", async (_how, objects, who) => {
    expect(await find(...objects)).toMatchObject({
      status: "warn",
      summary: `Secret certs/wildcard can be read by ${who}`,
      remedy: { command: expect.stringMatching(/^kubectl describe (cluster)?rolebinding b/) },
    });
  });

  it.each([
    [
      "other names",
      [
        role("Role", "certs/r", [rule({ resourceNames: ["other"] })]),
        bind("RoleBinding", "certs/b", "Role", "r", user),
      ],
    ],
    [
      "another namespace",
      [role("ClusterRole", "r", [rule()]), bind("RoleBinding", "shop/b", "ClusterRole", "r", user)],
    ],
    [
      "other kinds",
      [
        role("ClusterRole", "r", [rule({ resources: ["pods"] })]),
        bind("ClusterRoleBinding", "b", "ClusterRole", "r", user),
      ],
    ],
    [
      "an administrator",
      [
        role("ClusterRole", "admins", [rule({ apiGroups: ["*"], resources: ["*"], verbs: ["*"] })]),
        bind("ClusterRoleBinding", "b", "ClusterRole", "admins", { kind: "Group", name: "kubeadm:cluster-admins" }),
      ],
    ],
    [
      "writing alone",
      [
        role("ClusterRole", "r", [rule({ verbs: ["create"] })]),
        bind("ClusterRoleBinding", "b", "ClusterRole", "r", user),
      ],
    ],
    [
      "the system",
      [
        role("ClusterRole", "r", [rule()]),
        bind("ClusterRoleBinding", "b", "ClusterRole", "r", { kind: "Group", name: "system:masters" }),
      ],
    ],
    [
      "Knative",
      [
        role("ClusterRole", "r", [rule()]),
        bind("ClusterRoleBinding", "b", "ClusterRole", "r", {
          kind: "ServiceAccount",
          namespace: "knative-serving",
          name: "controller",
        }),
      ],
    ],
  ])("says nothing of a right to %s", async (_what, objects) => {
    expect(await find(...objects)).toMatchObject({ status: "ok" });
  });
});

describe("services.pods", () => {
  const service = object("Service.serving.knative.dev/v1", "shop/hello", {
    status: { latestCreatedRevisionName: "hello-00002", traffic: [{ revisionName: "hello-00001" }] },
  });
  const deployment = (revision: string, containers: readonly object[], status: object = {}) =>
    object(
      "Deployment.apps/v1",
      `shop/${revision}-deployment`,
      { spec: { replicas: 0, template: { spec: { containers } } }, status },
      { labels: { "serving.knative.dev/revision": revision }, uid: revision },
    );
  const proxy = { name: "queue-proxy", resources: { requests: { cpu: "25m" } } };
  const user = {
    name: "user-container",
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "64Mi" } },
  };
  const find = (...objects: readonly KubeObject[]) => findingOf({ objects: [service, ...objects] }, podsLetIn);
  const quota = (hard: object, used: object = {}) =>
    object("ResourceQuota", "shop/q", { spec: { hard }, status: { used } });
  const range = (limit: object) =>
    object("LimitRange", "shop/l", { spec: { limits: [{ type: "Container", ...limit }] } });
  const of = deployment("hello-00002", [user, proxy]);

  it("holds without limits, with room left, and of Revisions that nobody asks", async () => {
    expect(await find(of)).toMatchObject({ status: "ok" });
    expect(
      await find(of, quota({ pods: "2", "requests.cpu": "225m" }, { pods: "1", "requests.cpu": "100m" })),
    ).toMatchObject({ status: "ok" });
    expect(await find(deployment("hello-00009", [user]), quota({ pods: "1" }, { pods: "1" }))).toMatchObject({
      status: "skipped",
    });
    expect(
      await find(
        of,
        quota({ "limits.memory": "1Gi" }, { "limits.memory": "0" }),
        range({ default: { memory: "128Mi" } }),
      ),
    ).toMatchObject({ status: "ok" });
  });

  it.each([
    [
      "a quota that counts pods",
      [quota({ pods: "1" }, { pods: "1" })],
      /ResourceQuota shop\/q has no room for one more: pods 1 of 1 are used/,
    ],
    [
      "a quota that lacks a bit",
      [quota({ "requests.cpu": "200m" }, { "requests.cpu": "100m" })],
      /requests\.cpu 100m of 200m are used/,
    ],
    [
      "a quota that wants a limit",
      [quota({ "limits.memory": "1Gi" })],
      /wants every container to say limits\.memory, and queue-proxy does not/,
    ],
    [
      "a range that wants more",
      [range({ min: { cpu: "50m" } })],
      /allows at least 50m of cpu, and queue-proxy asks for 25m/,
    ],
    [
      "a range that allows less",
      [range({ max: { memory: "32Mi" } })],
      /allows at most 32Mi of memory, and user-container has 64Mi/,
    ],
    [
      "Pod Security",
      [object("Namespace", "shop", {}, { labels: { "pod-security.kubernetes.io/enforce": "restricted" } })],
      /enforces Pod Security "restricted", and user-container lacks allowPrivilegeEscalation: false/,
    ],
  ])("foretells what %s refuses", async (_what, more, words) => {
    expect(await find(of, ...more)).toMatchObject({
      status: "warn",
      summary: expect.stringMatching(words),
      remedy: { command: expect.stringMatching(/^kubectl /) },
    });
  });

  it("lets pass what says all that the strictest level wants", async () => {
    const securityContext = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    };
    const strict = object("Namespace", "shop", {}, { labels: { "pod-security.kubernetes.io/enforce": "restricted" } });
    expect(await find(deployment("hello-00002", [{ ...user, securityContext }]), strict)).toMatchObject({
      status: "ok",
    });
  });

  it("finds pods that are refused though the Service is ready", async () => {
    const message = 'pods "hello" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true';
    const refused = deployment("hello-00001", [user], {
      conditions: [{ type: "ReplicaFailure", status: "True", message }],
    });
    expect(await find(refused)).toMatchObject({
      status: "fail",
      summary: expect.stringMatching(/^Revision shop\/hello-00001 may not make pods: violates PodSecurity/),
      remedy: { command: expect.stringMatching(/secure-pod-defaults/) },
    });
  });
});
