import { load } from "js-yaml";
import type { Ground } from "../part.ts";
import type { Obj } from "../types.ts";
import type { Collector } from "./collector.ts";
import { reachable } from "./reach.ts";
import { jsonIn, type Line, matches } from "./record.ts";
import type { Store } from "./store.ts";

/** What of Fluent Bit's configuration this stand-in knows: tail by path, the Kubernetes filter with Merge_Log, grep by a label where a tag matches, one output. */
const settingsOf = ({ stage: { api } }: Pick<Ground, "stage">) => {
  const config = api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "kube-logging", name: "fluent-bit" });
  const { pipeline } = (load(config?.data["fluent-bit.yaml"] ?? "{}") ?? {}) as Obj;
  if (!pipeline) return undefined;
  const [input] = pipeline.inputs as Obj[];
  const [output] = pipeline.outputs as Obj[];
  const grep = (pipeline.filters as Obj[]).find(({ name }) => name === "grep");
  const [, label] = /^\$kubernetes\['labels'\]\['([^']+)'\] \.$/.exec(grep?.regex ?? "") ?? [];
  return { input: input as Obj, output: output as Obj, label, greps: new RegExp(grep?.match_regex ?? "") };
};

const tagOf = ({ name, namespace, container }: Line): string =>
  `kube.var.log.containers.${name}_${namespace}_${container}-${"0".repeat(64)}.log`;

const recordOf = ({ time, stream, text, namespace, name, container, pod }: Line) => {
  const merged = jsonIn(text);
  return {
    time,
    stream,
    ...(merged ?? { log: text }),
    // Of a pod that the API server does not know it says nothing at all.
    ...(pod
      ? {
          kubernetes: {
            pod_name: name,
            namespace_name: namespace,
            container_name: container,
            labels: pod.metadata.labels ?? {},
          },
        }
      : {}),
  };
};

export const fluentBit = (ground: Pick<Ground, "stage" | "logs">, store: Store): Collector => ({
  name: "fluent-bit",
  takes: (file) => {
    const input = settingsOf(ground)?.input;
    const link = file.link ?? "";
    return input !== undefined && matches(input.path, link) && !matches(input.exclude_path, link);
  },
  send: (pod, line) => {
    const { output, label, greps } = settingsOf(ground) ?? {};
    if (!output) return "later";
    const isGrepped = label !== undefined && greps?.test(tagOf(line));
    if (isGrepped && !line.pod?.metadata.labels?.[label]) return "dropped";
    const record = recordOf(line);
    if (output.name === "stdout") {
      ground.logs.write(pod, "fluent-bit", JSON.stringify(record));
      return "sent";
    }
    const service = reachable(ground.stage.api, output.host);
    if (service === undefined) return "later";
    store.add(service, record);
    return "sent";
  },
});
