import { load } from "js-yaml";
import type { Ground } from "../part.ts";
import type { Obj } from "../types.ts";
import type { Collector } from "./collector.ts";
import { ELASTICSEARCH, mayEnter } from "./elasticsearch.ts";
import { reachable } from "./reach.ts";
import { jsonIn, type Line, matches } from "./record.ts";
import type { Store } from "./store.ts";

/** What of Filebeat's configuration this stand-in knows: one filestream with its fingerprint, the drop of what is no Service's, requests. */
const settingsOf = ({ stage: { api } }: Pick<Ground, "stage">) => {
  const config = api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "kube-logging", name: "filebeat" });
  const settings = load(config?.data["filebeat.yml"] ?? "null") as Obj | null;
  if (!settings) return undefined;
  const [input] = settings["filebeat.inputs"] as Obj[];
  const { exclude_files = [], fingerprint = {} } = (input?.["prospector.scanner"] ?? {}) as Obj;
  return {
    paths: input?.paths as string[],
    excluded: (exclude_files as string[]).map((pattern) => new RegExp(pattern)),
    // Without one it takes the first 1024 bytes of a file, and leaves smaller ones alone (since 9.0).
    least: (fingerprint.length ?? 1024) as number,
    dropsOthers: (settings.processors as Obj[]).some((processor) => "drop_event" in processor),
    user: settings["output.elasticsearch"].username as string,
  };
};

const dedotted = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([key, value]) => [key.replaceAll(".", "_"), value]));

const documentOf = ({ time, stream, text, namespace, name, container, pod }: Line) => {
  const knative = container === "queue-proxy" ? jsonIn(text) : undefined;
  return {
    "@timestamp": time,
    stream,
    message: text,
    ...(knative ? { knative } : {}),
    kubernetes: {
      namespace,
      pod: { name },
      container: { name: container },
      ...(pod ? { labels: dedotted(pod.metadata.labels ?? {}) } : {}),
    },
  };
};

export const filebeat = (ground: Pick<Ground, "stage" | "logs">, store: Store): Collector => ({
  name: "filebeat",
  takes: (file) => {
    const settings = settingsOf(ground);
    const link = file.link ?? "";
    if (!settings) return false;
    return (
      settings.paths.some((path) => matches(path, link)) &&
      !settings.excluded.some((pattern) => pattern.test(link)) &&
      file.size >= settings.least
    );
  },
  send: (pod, line) => {
    const settings = settingsOf(ground);
    if (!settings) return "later";
    if (settings.dropsOthers && line.pod && !line.pod.metadata.labels?.["serving.knative.dev/service"])
      return "dropped";
    const { api } = ground.stage;
    if (reachable(api, ELASTICSEARCH) === undefined) return "later";
    const password = (pod.spec.containers[0].env as Obj[]).find(({ name }) => name === "FILEBEAT_PASSWORD");
    if (!mayEnter(api, settings.user, password?.valueFrom?.secretKeyRef)) return "later";
    store.add("kube-logging/elasticsearch", documentOf(line));
    return "sent";
  },
});
