import { load } from "js-yaml";
import type { Ground } from "../part.ts";
import type { Obj } from "../types.ts";
import type { Collector } from "./collector.ts";
import { reachable } from "./reach.ts";
import { jsonIn, type Line, matches } from "./record.ts";
import type { Store } from "./store.ts";

/** What of Fluent Bit's configuration this stand-in knows: tail by path, the Kubernetes filter with Merge_Log, grep by what is in one of its rules, one output. */
const settingsOf = ({ stage: { api } }: Pick<Ground, "stage">) => {
  const config = api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "kube-logging", name: "fluent-bit" });
  const { pipeline } = (load(config?.data["fluent-bit.yaml"] ?? "{}") ?? {}) as Obj;
  if (!pipeline) return undefined;
  const [input] = pipeline.inputs as Obj[];
  const [output] = pipeline.outputs as Obj[];
  const grep = (pipeline.filters as Obj[]).find(({ name }) => name === "grep");
  return { input: input as Obj, output: output as Obj, keeps: grep ? [grep.regex].flat().map(ruleOf) : undefined };
};

/** `$kubernetes['labels']['KEY'] PATTERN`: a record that lacks the field does not match. */
const ruleOf = (rule: string): ((record: { readonly kubernetes: Readonly<Record<string, unknown>> }) => boolean) => {
  const [, path = "", pattern = ""] = /^\$kubernetes((?:\['[^']+'\])+) (.+)$/.exec(rule) ?? [];
  const keys = [...path.matchAll(/\['([^']+)'\]/g)].map(([, key = ""]) => key);
  return ({ kubernetes }) => {
    const value = keys.reduce<unknown>((at, key) => (at as Obj | undefined)?.[key], kubernetes);
    return value !== undefined && new RegExp(pattern).test(String(value));
  };
};

const recordOf = ({ time, stream, text, namespace, name, container, pod }: Line) => {
  const merged = jsonIn(text);
  return {
    time,
    stream,
    ...(merged ?? { log: text }),
    kubernetes: {
      pod_name: name,
      namespace_name: namespace,
      container_name: container,
      ...(pod ? { labels: pod.metadata.labels ?? {} } : {}),
    },
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
    const { output, keeps } = settingsOf(ground) ?? {};
    if (!output) return "later";
    const record = recordOf(line);
    if (keeps && !keeps.some((isIt) => isIt(record))) return "dropped";
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
