import { createAuthority } from "../../src/adapters/authority/index.ts";
import { loadKubeconfig, openCluster } from "../../src/adapters/cluster/index.ts";
import { createProbe } from "../../src/adapters/probe.ts";
import { createResolver } from "../../src/adapters/resolver/index.ts";
import type { Change } from "../../src/changes/index.ts";
import type { HealthContext } from "../../src/checks/health-check.ts";
import type { PlanContext } from "../../src/checks/plan/context.ts";
import { NESTED } from "../../src/config/config.ts";
import type { Plan } from "../../src/core/change.ts";
import { withOwner } from "../../src/kube/inventory.ts";
import { takeSnapshot, throughSnapshot } from "../../src/kube/snapshot.ts";
import type { ClusterRead } from "../../src/ports/cluster.ts";
import { at, type KubeObject } from "../../src/ports/object.ts";
import type { Zone } from "../../src/ports/zones.ts";
import { hello } from "../../src/steps/proof/hello.ts";
import { openPublication } from "../../src/steps/records/publication.ts";
import { kn, stage } from "../engine/cli.ts";
import { openOutside } from "../engine/option-sets.ts";

/** An installed cluster as it is at one moment, with a proof that runs. */
export interface Moment {
  readonly ctx: HealthContext;
  /** The same, about a plan. */
  readonly planned: PlanContext;
  readonly close: () => Promise<void>;
}

const DOMAIN = "apps.example.com";

/** A plan that takes everything that is asked of an account, of credentials and of a CA. */
const planOf = (zone: Zone): Plan<Change> => {
  const role: KubeObject = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "a-role" },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
  };
  const changes: readonly Change[] = [
    { kind: "object", action: "create", object: role, manager: "test", fields: [], conflicts: [], confirmed: true },
    {
      kind: "records",
      action: "create",
      zone,
      sets: [{ to: { name: "*.apps", type: "A", ttl: 60, values: ["192.0.2.1"] } }],
      conflicts: [],
      shadows: [],
    },
  ];
  return { goal: "present", steps: [{ step: "some", title: "Some", changes, notes: [] }] };
};

/** As serving-post-install-jobs.yaml has it. */
const upgradeJob: KubeObject = {
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: {
    namespace: "knative-serving",
    name: "storage-version-migration-serving-1.23.0",
    labels: { app: "storage-version-migration-serving" },
  },
  spec: {
    backoffLimit: 10,
    template: { spec: { restartPolicy: "OnFailure", containers: [{ name: "migrate", image: "example.com/migrate" }] } },
  },
};

/** As its kubelet tells it. */
const startOfActivator = async ({ list }: Pick<ClusterRead, "list">): Promise<KubeObject> => {
  const pods = await list({ apiVersion: "v1", kind: "Pod", namespace: "knative-serving" });
  const { metadata, kind } = pods.find(({ metadata: { labels } }) => labels?.app === "activator") as KubeObject;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace: "knative-serving", name: `${metadata.name}.1` },
    type: "Normal",
    reason: "Started",
    message: "Started container activator",
    involvedObject: { kind, name: metadata.name, namespace: "knative-serving", uid: metadata.uid },
  };
};

/** Asks each question once. `words`: how many of its arguments the question is; the others are signals. */
const once = <A extends readonly unknown[], R>(ask: (...given: A) => R, words?: number): ((...given: A) => R) => {
  const answers = new Map<string, R>();
  return (...given) => {
    const question = JSON.stringify(given.slice(0, words));
    const answer = answers.get(question) ?? ask(...given);
    answers.set(question, answer);
    return answer;
  };
};

/** The same, of which each question is sent once. */
const standingStill = (cluster: ClusterRead): ClusterRead => ({
  ...cluster,
  version: once(cluster.version),
  resources: once(cluster.resources),
  get: once(cluster.get),
  list: once(cluster.list),
  can: once(cluster.can),
  canEach: once(cluster.canEach),
  logs: once(cluster.logs),
  askPod: once(cluster.askPod),
});

/** Installs, makes the proof's Service, waits until it is ready, and then reads everything only once. */
export const moment = async (tls: "acme" | "cert-manager"): Promise<Moment> => {
  const { internet, caFile } = await openOutside();
  const world = await stage({ certManager: internet.door, outside: internet });
  const ca = ["--acme-directory", internet.acme.directory, "--acme-ca-file", caFile];
  const { code, stderr } = await kn({ ...world, standIns: true, internet }, [
    ...["install", "--yes", "--hpa", "--skip-checks", "proof.zero", "--dns", "route53"],
    ...["--domain", DOMAIN, "--tls", tls, ...ca],
    ...(tls === "acme" ? [] : ["--logging", "fluent-bit"]),
  ]);
  if (code !== 0) throw new Error(stderr);
  const cluster = openCluster(await loadKubeconfig({ env: {}, path: world.kubeconfig }));
  const service = withOwner(hello("ghcr.io/knative/helloworld-go"), "proof");
  // It keeps its pod, so that there is one in the moment that is looked at.
  const annotations = at(service, "spec", "template", "metadata", "annotations") as Record<string, string>;
  annotations["autoscaling.knative.dev/min-scale"] = "1";
  await cluster.apply(service, { manager: "test" });
  for (;;) {
    const live = await cluster.get({ ...service, ...service.metadata });
    const conditions = at(live, "status", "conditions");
    if (Array.isArray(conditions) && conditions.some(({ type, status }) => type === "Ready" && status === "True"))
      break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await cluster.apply(upgradeJob, { manager: "test" });
  await cluster.create(await startOfActivator(cluster), "test");
  const { dns, acme } = internet;
  const { signal } = new AbortController();
  const probe = once(createProbe({ connectTo: world.connectTo, root: acme.root }));
  const now = new Date();
  const still = standingStill(cluster);
  const live = takeSnapshot(still);
  const kinds = (await cluster.resources()).filter(({ verbs, kind }) => verbs.includes("list") && kind !== "Secret");
  await Promise.all(kinds.map(({ apiVersion, kind }) => live.list(apiVersion, kind)));
  const asked = createResolver({ server: dns.resolver, connectTo: dns.connectTo });
  const resolver: typeof asked = {
    ...asked,
    inOrder: true,
    ask: once(asked.ask, 2),
    askUnchecked: once(asked.askUnchecked, 2),
    askServer: once(asked.askServer, 3),
  };
  const publication = await openPublication(
    { dns: "route53", domain: DOMAIN, domainTemplate: NESTED, namespaces: [], tls: "acme" },
    { env: internet.env, signal, resolver, interactive: false, onTrouble: () => {} },
  );
  if (!publication) throw new Error("there is no way to the records");
  const asking = createAuthority({ directory: acme.directory, ca: acme.tlsCa, env: {} });
  const authority = { ...asking, directory: once(asking.directory, 0), renewalInfo: once(asking.renewalInfo, 1) };
  // The trials and the CA give the same answers in the whole moment, like everything else.
  const { find, get, list } = publication.zones;
  const rehearsed = publication.sealed.rehearse(publication.zone, [{ name: "trial", type: "TXT" }], signal);
  const ctx: HealthContext = {
    cluster: throughSnapshot(still, live),
    dryRun: once(cluster.dryRun),
    resolver,
    createAuthority: async () => authority,
    skewMs: async () => cluster.skewMs(),
    records: async () => ({
      ...publication,
      zones: { find: once(find), get: once(get), list: once(list), rehearse: () => rehearsed },
    }),
    probe: ({ signal: _, ...request }) => probe(request),
    now: () => now,
    signal,
  };
  const plan = planOf(publication.zone);
  const planned: PlanContext = {
    ...ctx,
    // Who may do everything is asked no further.
    cluster: { ...ctx.cluster, can: async () => false },
    plan,
    whole: plan,
    purpose: "install",
    takeOwnership: false,
    named: { purpose: "renew", questions: [{ verb: "get", group: "", resource: "secrets" }], remedy: { text: "Ask." } },
    order: { names: [`*.${DOMAIN}`], directory: acme.directory },
    // In the other moment there is no account.
    directory: async () => ({ ...(await authority.directory(signal)), externalAccountRequired: tls === "acme" }),
  };
  return {
    ctx,
    planned,
    close: async () => {
      publication.close();
      cluster.close();
      await Promise.all([world.close(), internet.close()]);
    },
  };
};

/** Changes every object of these kinds. */
const ofKind =
  (kinds: readonly string[], change: (object: KubeObject) => KubeObject | undefined) =>
  (object: KubeObject): KubeObject | undefined =>
    kinds.includes(object.kind) ? change(object) : object;

const condition = (type: string, status: string, message: string) => ({ type, status, reason: "Test", message });
const withConditions = (object: KubeObject, ...conditions: readonly object[]): KubeObject => ({
  ...object,
  status: { ...(object.status as object), conditions },
});
const choosing = (choices: object) =>
  ofKind(["ConfigMap"], (object) => {
    const data = object.data as Record<string, string> | undefined;
    if (object.metadata.name !== "state" || !data?.choices) return object;
    return { ...object, data: { ...data, choices: JSON.stringify({ ...JSON.parse(data.choices), ...choices }) } };
  });

const stuck = ofKind(["Deployment", "DaemonSet"], (object) => ({
  ...object,
  status: { ...(object.status as object), availableReplicas: 0, numberReady: 0 },
}));
const KNATIVES = ["Service", "Configuration", "Route", "Revision", "Certificate", "CertificateRequest"];
const isKnatives = ({ apiVersion }: KubeObject): boolean => /knative|cert-manager/.test(apiVersion);
const CALL =
  'failed calling webhook "x.example.com": failed to call webhook: Post "https://x.y.svc:443/": service "x" not found';

const named = (object: KubeObject | undefined): KubeObject | undefined =>
  object?.kind === "Service" && !isKnatives(object)
    ? {
        ...object,
        status: { ...(object.status as object), loadBalancer: { ingress: [{ hostname: "lb.example.com" }] } },
      }
    : object;
const notReady = (object: KubeObject): KubeObject =>
  KNATIVES.includes(object.kind) && isKnatives(object)
    ? withConditions(object, condition("Ready", "False", ""))
    : object;

const withoutPods = (object: KubeObject): KubeObject | undefined => {
  if (object.kind === "Pod") return undefined;
  return object.kind === "Deployment" ? { ...object, spec: { ...(object.spec as object), replicas: 0 } } : object;
};
/** Its domain holds an address. */
const magically = ofKind(["ConfigMap"], (object) =>
  object.metadata.name === "config-domain" ? { ...object, data: { "203.0.113.7.sslip.io": "" } } : object,
);
const atNodes = choosing({ expose: "nodeport" });

const withClass = (name: string) => (object: KubeObject) =>
  object.metadata.name === "config-network"
    ? { ...object, data: { "ingress-class": `${name}.ingress.networking.knative.dev` } }
    : object;
const calling = (why: string) =>
  ofKind(["Configuration"], (object) =>
    withConditions(
      object,
      condition(
        "Ready",
        "False",
        `Revision creation failed with message: Internal error occurred: failed calling webhook "webhook.serving.knative.dev": failed to call webhook: Post "https://webhook.knative-serving.svc:443/defaulting?timeout=10s": ${why}`,
      ),
    ),
  );

/** What may be otherwise, so that the checks look further. */
export const TROUBLES: Readonly<Record<string, (object: KubeObject) => KubeObject | undefined>> = {
  "pods find no room": (object) => {
    const next = stuck(notReady(object));
    return next?.kind === "Pod"
      ? withConditions(next, condition("PodScheduled", "False", "0/1 nodes are available: 1 Insufficient cpu."))
      : next;
  },
  "pods are not ready": (object) => {
    const next = stuck(notReady(object));
    if (next?.kind !== "Pod") return next;
    const metadata = { ...next.metadata, creationTimestamp: "2020-01-01T00:00:00Z" };
    return withConditions({ ...next, metadata }, condition("Ready", "False", ""));
  },
  "pods are refused by a webhook that is gone": (object) => {
    const next = stuck(notReady(object));
    return next?.kind === "Deployment" ? withConditions(next, condition("ReplicaFailure", "True", CALL)) : next;
  },
  "the activator is not connected": (object) => {
    if (object.kind === "Pod" && object.metadata.labels?.app === "activator")
      return withConditions(object, condition("Ready", "False", ""));
    const of = object.involvedObject as { readonly name?: string } | undefined;
    return object.kind === "Event" && of?.name?.startsWith("activator-")
      ? { ...object, type: "Warning", message: "Readiness probe failed: HTTP probe failed with statuscode: 500" }
      : object;
  },
  "the GitLab agent is there": ofKind(["Deployment"], (object) =>
    object.metadata.name === "autoscaler"
      ? {
          ...object,
          spec: {
            ...(object.spec as object),
            template: { spec: { containers: [{ name: "autoscaler", image: "example.com/agentk:v17.1.0" }] } },
          },
        }
      : object,
  ),
  "the ingress class is none that we know": ofKind(["ConfigMap"], (object) =>
    object.metadata.name === "config-network" ? { ...object, data: { "ingress-class": "own.example.com" } } : object,
  ),
  "Knative's webhook is not reached": calling("context deadline exceeded"),
  "Knative's webhook has no Service": calling('service "webhook" not found'),
  "a Job of Knative has not ended": (object) => {
    if (object.kind === "Job")
      return { ...object, metadata: { ...object.metadata, creationTimestamp: "2020-01-01T00:00:00Z" }, status: {} };
    if (object.kind !== "Pod" || !object.metadata.labels?.["job-name"]) return object;
    return withConditions(
      { ...object, status: { phase: "Pending" } },
      condition("PodScheduled", "False", "0/1 nodes are available: 1 Insufficient cpu."),
    );
  },
  "the pods of a Job are not ready": (object) => {
    if (object.kind === "Job")
      return { ...object, metadata: { ...object.metadata, creationTimestamp: "2020-01-01T00:00:00Z" }, status: {} };
    if (object.kind !== "Pod" || !object.metadata.labels?.["job-name"]) return object;
    const metadata = { ...object.metadata, creationTimestamp: "2020-01-01T00:00:00Z" };
    return withConditions({ ...object, metadata, status: {} }, condition("Ready", "False", ""));
  },
  "Elasticsearch keeps the logs, and is gone, and metrics are sent": (object) => {
    const next = choosing({ logging: "elasticsearch" })(object);
    const data = { "metrics-protocol": "grpc", "metrics-endpoint": "http://collector.observability:4317" };
    return (
      next &&
      ofKind(["ConfigMap"], (one) => (one.metadata.name === "config-observability" ? { ...one, data } : one))(next)
    );
  },
  "definitions are going away": ofKind(["CustomResourceDefinition"], (object) => ({
    ...object,
    metadata: { ...object.metadata, deletionTimestamp: "2030-01-01T00:00:00Z" },
  })),
  "nothing of Knative is ready": notReady,
  "a challenge is open": (object) =>
    object.kind === "Order" || object.kind === "Challenge"
      ? { ...object, status: { state: "pending" } }
      : notReady(object),
  "the load balancer is pending": ofKind(["Service"], (object) => ({ ...object, status: {} })),
  "the nodes' ports are used": atNodes,
  "plain http is used, and the load balancer has a name": (object) => named(choosing({ tls: "none" })(object)),
  "plain http is used at the nodes' ports": choosing({ tls: "none", expose: "nodeport" }),
  "magic DNS is used, and the load balancer has a name": (object) => {
    const next = choosing({ dns: "magic" })(object);
    return named(next && magically(next));
  },
  "Istio is the ingress, and its mesh": (object) => {
    const next = choosing({ ingress: "istio", mesh: true })(object);
    return next?.metadata.name === "config-network"
      ? { ...next, data: { "ingress-class": "istio.ingress.networking.knative.dev" } }
      : next;
  },
  "a Route waits for its probe": ofKind(["Ingress"], (object) => withConditions(object)),
  "the gateway waits for PROXY headers": ofKind(["ConfigMap"], (object) =>
    object.metadata.name === "config-kourier"
      ? { ...object, data: { ...(object.data as object), "enable-proxy-protocol": "true" } }
      : object,
  ),
  "Contour is the ingress": withClass("contour"),
  "Gateway API is the ingress": withClass("gateway-api"),
  "MetalLB gives out addresses": (object) => {
    if (object.kind === "Service") return { ...object, status: {} };
    return object.kind === "Deployment"
      ? { ...object, metadata: { ...object.metadata, labels: { "app.kubernetes.io/name": "metallb" } } }
      : object;
  },
  "the certificate was brought": choosing({ tls: "secret", "tls-secret": "kn-bootstrap/wildcard-tls" }),
  "magic DNS is used": choosing({ dns: "magic", domain: undefined }),
  "magic DNS is used at the nodes' ports": (object) => {
    const next = choosing({ dns: "magic", domain: undefined, expose: "nodeport" })(object);
    return next && magically(next);
  },
  "the load balancer has a name": named,
  "no endpoint is ready": ofKind(["EndpointSlice"], () => undefined),
  "the URL is another": ofKind(["Service"], (object) =>
    isKnatives(object)
      ? { ...object, status: { ...(object.status as object), url: "http://other.example.com" } }
      : object,
  ),
  "no pod is left": withoutPods,
  "no pod is left, behind the nodes' ports": (object) => {
    const next = withoutPods(object);
    return next && atNodes(next);
  },
};
