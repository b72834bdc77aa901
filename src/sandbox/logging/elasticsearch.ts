import { createHash, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "../kubernetes/processes.ts";
import type { Ground } from "../part.ts";
import type { Api, Obj } from "../types.ts";
import { reachable } from "./reach.ts";
import type { Store } from "./store.ts";

export const ELASTICSEARCH = "elasticsearch.kube-logging";
const KIBANA = "kibana.kube-logging";

const secretOf = (api: Api, name: string): Readonly<Record<string, string>> => {
  const data = api.get({ apiVersion: "v1", kind: "Secret", namespace: "kube-logging", name })?.data ?? {};
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), "base64").toString()]),
  );
};

/** Whether the file realm lets this user in with a password: by the hash in its file `users`, of the form PBKDF2_STRETCH. */
export const mayEnter = (api: Api, user: string, given: { name: string; key: string } | undefined): boolean => {
  const password = given && secretOf(api, given.name)[given.key];
  const { users = "" } = secretOf(api, "elastic-credentials");
  const line = users.split("\n").find((one) => one.startsWith(`${user}:`)) ?? "";
  const [, cost, salt = "", hash = ""] = /:\{PBKDF2_STRETCH\}(\d+)\$([^$]+)\$(.+)$/.exec(line) ?? [];
  if (password === undefined || cost === undefined) return false;
  const text = createHash("sha512").update(password).digest("hex");
  const made = pbkdf2Sync(text, Buffer.from(salt, "base64"), Number(cost), 32, "sha512");
  const kept = Buffer.from(hash, "base64");
  return made.length === kept.length && timingSafeEqual(made, kept);
};

const REFUSED = { exitCode: 22, log: "curl: (22) The requested URL returned error: 401" };

/** What the pods run that ask Elasticsearch for a text, or Kibana to take saved objects and give them out again; undefined for others. */
export const askingWork =
  ({ stage }: Pick<Ground, "stage">, store: Store) =>
  (pod: Obj): Work | undefined => {
    const [container] = pod.spec.containers as Obj[];
    const script = String(container?.command?.[2] ?? "");
    if (!/\/elasticsearch:/.test(String(container?.image)) || !script.includes("curl --config")) return undefined;
    const { api, second } = stage;
    const may = (): boolean =>
      mayEnter(
        api,
        "elastic",
        ((container?.env ?? []) as Obj[]).find(({ name }) => name === "PASSWORD")?.valueFrom?.secretKeyRef,
      );
    return async ({ env, signal }) => {
      if (!may()) return REFUSED;
      if (script.includes("_import")) {
        if (reachable(api, KIBANA) === undefined) return { exitCode: 7, log: "curl: (7) Failed to connect to kibana" };
        const name = pod.spec.volumes.find((volume: Obj) => volume.configMap)?.configMap.name;
        const text: string =
          api.get({ apiVersion: "v1", kind: "ConfigMap", namespace: "kube-logging", name })?.data["objects.ndjson"] ??
          "";
        const lines = text.split("\n").filter((line) => line !== "");
        const imported = { successCount: lines.length, success: true };
        return { exitCode: 0, log: [JSON.stringify(imported), ...lines].join("\n") };
      }
      for (;;) {
        const hit = store
          .in("kube-logging/elasticsearch")
          .find((document) => String(document.message).includes(env.REQUEST ?? "\0"));
        if (hit && reachable(api, ELASTICSEARCH))
          return { exitCode: 0, log: JSON.stringify({ hits: { hits: [{ _source: hit }] } }) };
        if (signal.aborted) return { exitCode: 143, log: "" };
        await sleep(2 * second, undefined, { ref: false });
      }
    };
  };
