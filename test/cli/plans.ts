import { type Change, type ObjectChange, withDifferences } from "../../src/changes/index.ts";
import { blank } from "../../src/core/blank.ts";
import type { Plan } from "../../src/core/change.ts";
import type { Report } from "../../src/core/run.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import { sh } from "../../src/ports/shell.ts";

const object = (kind: string, name: string, namespace?: string, body: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name, ...(namespace ? { namespace } : {}), labels: { "kn-bootstrap/step": "x" } },
  ...body,
});

export const change = (
  action: ObjectChange["action"],
  about: KubeObject,
  more: Partial<ObjectChange> = {},
): ObjectChange => ({
  kind: "object",
  action,
  object: about,
  manager: "kn-bootstrap",
  fields: [],
  conflicts: [],
  confirmed: action !== "create",
  ...more,
});

const address = blank("the address of Kourier");
const names = [
  "certificates.networking.internal.knative.dev",
  "configurations.serving.knative.dev",
  "ingresses.networking.internal.knative.dev",
  "revisions.serving.knative.dev",
];

/** As the planner hands it on. */
export const planned = (plan: Plan<Change>): Plan<Change> => ({
  ...plan,
  steps: plan.steps.map((step) => ({ ...step, changes: step.changes.map(withDifferences) })),
});

/** A bit of everything that a plan can say. */
export const plan: Plan<Change> = planned({
  goal: "present",
  steps: [
    {
      step: "crds",
      title: "Install Knative's custom resource definitions",
      notes: [],
      changes: names.map((name) => change("create", object("CustomResourceDefinition", name))),
    },
    {
      step: "core",
      title: "Install Knative Serving",
      notes: ["The autoscaler's replicas stay as somebody scaled them."],
      changes: [
        change("create", object("Namespace", "knative-serving")),
        change("create", object("Deployment", "activator", "knative-serving")),
        change("create", object("Deployment", "autoscaler", "knative-serving")),
        change("create", object("Deployment", "web", "default")),
        change("update", object("ConfigMap", "config-network", "knative-serving"), {
          fields: [
            {
              path: '.data["ingress-class"]',
              from: "istio.ingress.networking.knative.dev",
              to: "kourier.ingress.networking.knative.dev",
            },
            { path: ".data.autocreate", to: "true" },
            { path: ".data.old", from: "1" },
            { path: ".data.long", from: "short", to: "x".repeat(300) },
          ],
        }),
        change("update", object("Deployment", "controller", "knative-serving"), {
          fields: [{ path: ".spec.replicas", from: 1, to: 2 }],
          confirmed: false,
          uid: "2",
        }),
        change("update", object("Deployment", "webhook", "knative-serving"), {
          conflicts: [
            {
              path: '.spec.template.spec.containers[name="webhook"].image',
              owner: "kubectl-edit",
              from: "registry.example.com/webhook:1",
              to: "gcr.io/knative-releases/webhook@sha256:00",
            },
          ],
        }),
        change("delete", object("Job", "storage-version-migration", "knative-serving")),
      ],
    },
    { step: "hpa", title: "Install the HPA autoscaler", notes: [], changes: [] },
    {
      step: "records",
      title: "Publish the records at Amazon Route 53",
      notes: [],
      changes: [
        {
          kind: "records",
          action: "update",
          zone: { id: "Z0123456789", name: "example.com", isPrivate: false, nameServers: [] },
          sets: [
            {
              from: { name: "*.apps", type: "CNAME", ttl: 300, values: ["old.example.net"] },
              to: { name: "*.apps", type: "A", ttl: 60, values: ["203.0.113.7"] },
            },
            { to: { name: "_kn-bootstrap.apps", type: "TXT", ttl: 60, values: ["heritage=kn-bootstrap,id=1"] } },
          ],
          conflicts: [{ path: "*.apps.example.com CNAME", owner: "external-dns (owner prod)" }],
          shadows: ["*.example.com answers for old.apps.example.com no more"],
        },
      ],
    },
    {
      step: "domain",
      title: "Set the domain",
      notes: [],
      changes: [
        change(
          "update",
          object("ConfigMap", "config-domain", "knative-serving", { data: { [`${address}.sslip.io`]: "" } }),
          { manager: "kn-bootstrap-domain", confirmed: false },
        ),
        {
          kind: "certificate",
          action: "create",
          names: [`*.${address}.sslip.io`],
          secret: { apiVersion: "v1", kind: "Secret", namespace: "kn-bootstrap", name: "wildcard-tls" },
          reason: "missing",
          issuer: "a root of this cluster",
        },
        change(
          "create",
          object("ConfigMap", "config-kourier", "knative-serving", {
            data: { "certs-secret-name": "wildcard-tls", note: `at ${address}` },
          }),
        ),
      ],
    },
    {
      step: "proof",
      title: "Prove that a Service answers",
      notes: [],
      changes: [change("create", object("Service", "hello", "kn-bootstrap"), { temporary: true })],
    },
  ],
});

const done = { status: "done", findings: [] } as const;

const some = (count: number): readonly Change[] =>
  Array.from({ length: count }, (_, index) => change("create", object("ConfigMap", `part-${index}`)));

export const report: Report = {
  outcome: "done",
  seconds: 72.4,
  steps: [
    {
      id: "state",
      title: "Prepare namespace kn-bootstrap",
      startedAt: 0,
      seconds: 0.1,
      changes: some(0),
      needs: [],
      ...done,
    },
    {
      id: "crds",
      title: "Install Knative's custom resource definitions",
      startedAt: 0.1,
      seconds: 2.13,
      changes: some(12),
      needs: ["state"],
      ...done,
    },
    {
      id: "core",
      title: "Install Knative Serving",
      startedAt: 2.3,
      seconds: 41.7,
      changes: some(60),
      needs: ["crds"],
      ...done,
    },
    {
      id: "ingress",
      title: "Install Kourier",
      startedAt: 2.3,
      seconds: 12.4,
      changes: some(14),
      needs: ["crds"],
      ...done,
    },
    {
      id: "proof",
      title: "Prove that a Service answers",
      startedAt: 44,
      seconds: 28.4,
      changes: some(1),
      needs: ["core", "ingress"],
      ...done,
    },
  ],
};

export const failedReport: Report = {
  outcome: "failed",
  seconds: 31,
  error: new Error("Deployment activator: ImagePullBackOff"),
  steps: [
    {
      id: "crds",
      title: "Install Knative's custom resource definitions",
      startedAt: 0,
      seconds: 2,
      changes: some(12),
      ...done,
    },
    {
      id: "core",
      title: "Install Knative Serving",
      startedAt: 2,
      seconds: 29,
      changes: some(60),
      needs: ["crds"],
      status: "failed",
      findings: [],
      error: "Deployment knative-serving/activator: ImagePullBackOff: 401 from gcr.io",
    },
    {
      id: "ingress",
      title: "Install Kourier",
      startedAt: 2,
      seconds: 29,
      changes: some(3),
      needs: ["crds"],
      status: "stopped",
      findings: [],
    },
    {
      id: "proof",
      title: "Prove that a Service answers",
      startedAt: 31,
      seconds: 0,
      changes: some(0),
      needs: ["core", "ingress"],
      status: "not started",
      findings: [],
    },
  ],
};

export const next = [
  {
    text: "Deploy a first Service; it will answer at https://hello-default.apps.example.com:",
    command: sh`kn service create hello --image gcr.io/knative-samples/helloworld-go`,
  },
  { text: "Take it all away again:", command: sh`kn-bootstrap uninstall` },
];
