import type { Stage } from "../../objects.ts";
import { NAMESPACE } from "../names.ts";

/** What of its metrics a release of Serving has, and how it calls it. */
export interface Measuring {
  /** OpenCensus until 1.18: other names, milliseconds, and it follows its ConfigMap. */
  readonly isCensus: boolean;
  /** Of queue-proxy: renamed in 1.21.0, 1.20.1 and 1.19.8. */
  readonly isRenamed: boolean;
  /** Seconds without what is behind the point, until 1.21.0, 1.20.2 and 1.19.9. */
  readonly isWhole: boolean;
  /** Without its port of its own, where another server is already: 1.19.0. */
  readonly isPortless: boolean;
  /** 1.21 */
  readonly tellsPeer: boolean;
  /** 1.22 */
  readonly tellsQueue: boolean;
}

const NEWEST = Number.POSITIVE_INFINITY;

/** By the labels of its controller. */
export const measuringOf = ({ api }: Stage): Measuring => {
  const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: NAMESPACE, name: "controller" };
  const version = api.get(ref)?.metadata.labels?.["app.kubernetes.io/version"] ?? "";
  const [, minor = NEWEST, patch = 0] = version.split(".").map(Number);
  const before = (patches: Readonly<Record<number, number>>): boolean =>
    minor < 21 && patch < (patches[minor] ?? NEWEST);
  return {
    isCensus: minor < 19,
    isRenamed: !before({ 19: 8, 20: 1 }),
    isWhole: before({ 19: 9, 20: 2 }),
    isPortless: minor === 19 && patch === 0,
    tellsPeer: minor >= 21,
    tellsQueue: minor >= 22,
  };
};

/** Of a histogram, in seconds (OpenTelemetry's advice for http) and in milliseconds (serving pkg/queue/request_metric.go). */
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
export const MILLISECONDS = [
  5, 10, 20, 40, 60, 80, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 2000, 5000, 10_000,
  20_000, 50_000, 100_000,
];
