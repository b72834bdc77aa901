import {
  autoscaler,
  deployment,
  disruptionBudget,
  image,
  type Labels,
  labels,
  ownNamespace,
  service,
} from "../../stand-ins/pieces.ts";
import type { Obj } from "../../types.ts";
import { METRICS, named } from "./named.ts";

const env = [
  ownNamespace,
  { name: "CONFIG_LOGGING_NAME", value: "config-logging" },
  { name: "CONFIG_OBSERVABILITY_NAME", value: "config-observability" },
];

interface Process {
  readonly name: string;
  readonly account?: string;
  readonly requests: string;
  readonly ports: string;
  /** Its pods carry `role: <name>` too. */
  readonly role?: true;
  readonly labels?: Labels;
  readonly spec?: Record<string, unknown>;
  /** Seconds that its pods get to end; absent: what Kubernetes gives. */
  readonly grace?: number;
}

export const workload = (version: string, process: Process): Obj => {
  const { name, account, requests, ports, role, labels: extra, spec, grace } = process;
  return deployment({
    name: named(name),
    labels: { ...labels(version, name), ...extra },
    selector: role ? `app=${name},role=${name}` : `app=${name}`,
    account: account ?? "controller",
    container: name,
    image: image(`serving/cmd/${name}`),
    requests,
    ports: `metrics:9090 profiling:8008 ${ports}`,
    env,
    podLabels: labels(version, name),
    ...(spec ? { spec } : {}),
    ...(grace === undefined ? {} : { podSpec: { terminationGracePeriodSeconds: grace } }),
  });
};

export const workloads = (version: string): readonly Obj[] => {
  const own = (name: string): Labels => labels(version, name);
  return [
    autoscaler(named("activator"), own("activator"), 20),
    disruptionBudget(named("activator-pdb"), own("activator"), "app=activator"),
    workload(version, {
      name: "activator",
      account: "activator",
      requests: "300m/60Mi",
      ports: "http1:8012 h2c:8013",
      role: true,
      grace: 600,
    }),
    service(
      named("activator-service"),
      { app: "activator", ...own("activator") },
      "app=activator",
      `${METRICS} http:80>8012 http2:81>8013 https:443>8112`,
      "ClusterIP",
    ),
    workload(version, {
      name: "autoscaler",
      requests: "100m/100Mi",
      ports: "websocket:8080",
      spec: { replicas: 1, strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } } },
    }),
    service(
      named("autoscaler"),
      { app: "autoscaler", ...own("autoscaler") },
      "app=autoscaler",
      `${METRICS} http:8080>8080`,
    ),
    workload(version, { name: "controller", requests: "100m/100Mi", ports: "probes:8080" }),
    service(named("controller"), { app: "controller", ...own("controller") }, "app=controller", METRICS),
    autoscaler(named("webhook"), own("webhook"), 5),
    disruptionBudget(named("webhook-pdb"), own("webhook"), "app=webhook"),
    workload(version, { name: "webhook", requests: "100m/100Mi", ports: "https-webhook:8443", role: true, grace: 300 }),
    service(
      named("webhook"),
      { app: "webhook", role: "webhook", ...own("webhook") },
      "app=webhook,role=webhook",
      `${METRICS} https-webhook:443>8443`,
    ),
  ];
};
