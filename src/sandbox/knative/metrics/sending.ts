import { dial } from "../../kubernetes/dial.ts";
import { exportRequest } from "../../metrics/otlp/request.ts";
import { sendGrpc, sendHttp } from "../../metrics/otlp/send.ts";
import type { Family } from "../../metrics/text.ts";
import { keysOfKind, refAt } from "../../objects.ts";
import type { Ground } from "../../part.ts";
import type { Reconciler } from "../../reconcile.ts";
import type { Obj } from "../../types.ts";
import { durationSeconds } from "../durations.ts";

/** Where a process was told to send what it measures when it started. */
export interface Sending {
  readonly protocol: "grpc" | "http/protobuf";
  readonly endpoint: string;
  /** A Go duration; absent: the SDK's own. */
  readonly interval: string | undefined;
  readonly container: string;
  readonly families: () => readonly Family[];
}

/** Of OpenTelemetry's PeriodicReader, in seconds. */
const INTERVAL = 60;

/**
 * What is measured is sent by the processes themselves, again and again and once more when they end (knative.dev/pkg
 * observability/metrics, the SDK's PeriodicReader). What becomes of it only their logs say, by Go's own logger.
 */
export const sending = (
  ground: Pick<Ground, "stage" | "servedAt" | "admits" | "logs">,
  sendingOf: (pod: Obj) => Sending | undefined,
): Reconciler => {
  const { api, second } = ground.stage;
  const known = new Map<string, { readonly pod: Obj; readonly how: Sending; readonly due: number }>();

  const send = async (pod: Obj, { protocol, endpoint, families }: Sending): Promise<string | undefined> => {
    const url = new URL(endpoint);
    const found = dial(ground, pod, url);
    if (typeof found === "string") return `Post "${endpoint}": ${found}`;
    const body = exportRequest(families(), new Date(pod.status?.startTime ?? Date.now()), new Date());
    return await (protocol === "grpc" ? sendGrpc : sendHttp)({ url, port: found.port }, body);
  };

  return {
    name: "otlp",
    keys: (event) => keysOfKind(event, "v1", "Pod"),
    reconcile: async (key) => {
      const found = api.get(refAt("v1", "Pod", key));
      const pod = found?.status?.phase === "Running" ? found : undefined;
      const before = known.get(key);
      if (before && pod?.metadata.uid !== before.pod.metadata.uid) {
        known.delete(key);
        await send(before.pod, before.how);
      }
      const how = pod && sendingOf(pod);
      if (!how) return undefined;
      const wait = durationSeconds(how.interval, INTERVAL) * second;
      const due = known.get(key)?.due ?? performance.now() + wait;
      const isDue = performance.now() >= due;
      const next = isDue ? performance.now() + wait : due;
      known.set(key, { pod, how, due: next });
      const trouble = isDue ? await send(pod, how) : undefined;
      const time = new Date().toISOString().slice(0, 19).replaceAll("-", "/").replace("T", " ");
      if (trouble) ground.logs.write(pod, how.container, `${time} failed to upload metrics: ${trouble}`, "stderr");
      return Math.max(0, next - performance.now());
    },
  };
};
