import type { Status } from "../../src/app/status.ts";
import { type Asked, createRecorder, type Recorder, type Recording } from "../../src/cli/report-page/recording.ts";
import type { Event } from "../../src/core/event.ts";
import type { StepReport } from "../../src/core/run.ts";
import { sh } from "../../src/ports/shell.ts";
import { found } from "../cli/found.ts";
import { failedReport, next, plan, report } from "../cli/plans.ts";

export const ASKED: Asked = {
  commandLine: "kn-bootstrap install --dns route53 --domain apps.example.com --report run.html",
  command: sh`install`,
  version: "1.2.3",
  dns: "route53",
  tls: "letsencrypt",
  ingress: "kourier",
  domain: "apps.example.com",
};

export const STATUS: Status = {
  context: "prod",
  server: "https://203.0.113.1:6443",
  kubernetes: "1.36.2",
  knative: { version: "1.99.0", byKnBootstrap: true },
  ingress: { id: "kourier", className: "kourier.ingress.networking.knative.dev", version: "1.99.1" },
  url: "https://<service>-<namespace>.apps.example.com",
  address: { host: "203.0.113.7", http: 80, https: 443, source: "LoadBalancer kourier-system/kourier" },
  records: [{ name: "*.apps.example.com", type: "A", value: "203.0.113.7" }],
  certificate: {
    names: ["*.apps.example.com"],
    notAfter: "2030-03-01T12:00:00.000Z",
    daysLeft: 89,
    issuer: "CN=Example CA",
  },
  renewal: { by: "nobody", due: "2030-02-01T00:00:00.000Z" },
  problems: [],
};

export const BEFORE: readonly Event[] = [
  { type: "target", context: "prod", server: "https://203.0.113.1:6443", version: "1.36.2" },
  { type: "note", level: "warning", text: "Two nodes only." },
  { type: "download", file: "serving-core.yaml", bytes: 500, total: 2_000_000 },
  { type: "download", file: "serving-core.yaml", bytes: 2_000_000, total: 2_000_000 },
  { type: "check", id: "cluster.version", title: "The server is new enough", status: "ok", summary: "1.36.2" },
  {
    type: "check",
    id: "cluster.capacity",
    title: "There is room",
    status: "warn",
    summary: "2 of 6 vCPU",
    remedy: { text: "Add a node.", command: sh`kubectl get nodes` },
  },
  { type: "plan", plan },
];

export const waiting = (step: string, check: string, reason: string): Event => ({
  type: "waiting",
  step,
  check,
  reason,
  remedy: { text: `Look at ${check}.`, command: sh`kubectl describe ${step}` },
});

/** Plays a run to a recorder, a second for each event, and returns what it knows then. */
export const record = (
  events: readonly Event[],
  end: (recorder: Recorder) => void = () => {},
  asked: Asked = ASKED,
): Recording => {
  let now = Date.UTC(2030, 0, 1);
  const recorder = createRecorder(asked, () => now);
  for (const event of events) {
    now += 1000;
    recorder.emit(event);
  }
  end(recorder);
  return recorder.recording();
};

const proved = (step: StepReport): StepReport =>
  step.id === "proof"
    ? {
        ...step,
        findings: [
          found("https://hello.apps.example.com"),
          found("It does.", { facts: { url: "https://hello.apps.example.com", status: 200 } }),
        ],
      }
    : step;

export const wholeRun = (): Recording =>
  record(
    [
      ...BEFORE,
      { type: "step-started", step: "state", title: "Prepare namespace kn-bootstrap", changes: 0 },
      { type: "step-started", step: "core", title: "Install Knative Serving", changes: 60 },
      waiting("core", "serving.deployments", "Deployment knative-serving/activator: 0 of 1 available"),
      waiting("core", "serving.deployments", "Deployment knative-serving/webhook: 0 of 1 available"),
    ],
    (recorder) => {
      recorder.see(STATUS);
      recorder.report({ ...report, steps: report.steps.map(proved) }, next);
    },
  );

export const failedRun = (): Recording =>
  record(
    [
      ...BEFORE,
      { type: "step-started", step: "crds", title: "Install CRDs", changes: 12 },
      { type: "step-started", step: "core", title: "Install Knative Serving", changes: 60 },
      waiting("core", "serving.deployments", "Deployment knative-serving/activator: ImagePullBackOff"),
    ],
    (recorder) => {
      recorder.report(failedReport, []);
      recorder.problem({
        id: "serving.deployments",
        what: "Deployment knative-serving/activator: ImagePullBackOff: 401 from gcr.io",
        why: "Waiting cannot mend this.",
        remedy: { text: "Give the nodes access.", command: sh`kubectl describe pod activator` },
        exitCode: 1,
      });
    },
  );
