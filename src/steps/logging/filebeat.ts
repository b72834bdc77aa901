import { ELASTICSEARCH, LOGGING } from "../../checks/logging/names.ts";
import type { Config } from "../../config/config.ts";
import { toYaml } from "../../ports/yaml.ts";
import { collectedOf, filesOf } from "./collected.ts";
import { FILEBEAT_USER } from "./elastic-secret.ts";

/** Days. */
export const RETENTION = "7";
/** Of a block of the hash, and the least that is in use: with the usual 1024 a log of a few lines is never read. */
const FINGERPRINT = 64;
const POLICY = "knative-logs";
const FOLDER = "/usr/share/filebeat";
const REQUEST = "knative.httpRequest";
const LATENCY = `${REQUEST}.latency`;
/** Filebeat puts a variable of its pod there. */
const variable = (name: string): string => `\${${name}}`;

/** From where the lines of requests have it to where Elastic's own views look for it (Elastic Common Schema). */
const NAMES: Readonly<Record<string, string>> = {
  requestMethod: "http.request.method",
  status: "http.response.status_code",
  requestUrl: "url.original",
  userAgent: "user_agent.original",
};

/** Only what says whose it is: a pod that is not known yet is kept, as its lines would be lost. */
const keepServices = {
  drop_event: {
    when: {
      and: [
        { has_fields: ["kubernetes.pod.name"] },
        { not: { has_fields: ["kubernetes.labels.serving_knative_dev/service"] } },
      ],
    },
  },
};

const isRequest = {
  and: [{ equals: { "kubernetes.container.name": "queue-proxy" } }, { contains: { message: "httpRequest" } }],
};

/** Configuration of Filebeat 9 (https://www.elastic.co/docs/reference/beats/filebeat/filebeat-input-filestream). */
export const filebeatYaml = (config: Config): string => {
  const collected = collectedOf(config);
  const replicas = Number(config.loggingReplicas ?? 1) > 1 ? 1 : 0;
  return toYaml([
    {
      "filebeat.inputs": [
        {
          type: "filestream",
          id: "knative",
          paths: [filesOf(collected)],
          "prospector.scanner": {
            symlinks: true,
            check_interval: "2s",
            // Its own lines would make more of themselves.
            exclude_files: ["_kube-logging_filebeat-"],
            fingerprint: { enabled: true, length: FINGERPRINT },
          },
          "file_identity.fingerprint": null,
          parsers: [{ container: { stream: "all" } }],
        },
      ],
      processors: [
        {
          add_kubernetes_metadata: {
            host: variable("NODE_NAME"),
            matchers: [{ logs_path: { logs_path: "/var/log/containers/" } }],
          },
        },
        ...(collected === "services" ? [keepServices] : []),
        { decode_json_fields: { when: isRequest, fields: ["message"], target: "knative", max_depth: 3 } },
        {
          copy_fields: {
            fields: Object.entries(NAMES).map(([from, to]) => ({ from: `${REQUEST}.${from}`, to })),
            ignore_missing: true,
            fail_on_error: false,
          },
        },
        {
          dissect: {
            when: { has_fields: [LATENCY] },
            field: LATENCY,
            tokenizer: "%{seconds|double}s",
            target_prefix: "knative.latency",
            ignore_failure: true,
          },
        },
      ],
      "setup.template.settings": { "index.number_of_replicas": replicas },
      "setup.template.overwrite": true,
      "setup.ilm": {
        enabled: true,
        policy_name: POLICY,
        policy_file: `${FOLDER}/kn-bootstrap/policy.json`,
        overwrite: true,
      },
      "output.elasticsearch": {
        hosts: [`https://${ELASTICSEARCH.name}.${LOGGING}.svc:9200`],
        username: FILEBEAT_USER,
        password: variable("FILEBEAT_PASSWORD"),
        "ssl.certificate_authorities": [`${FOLDER}/certificates/ca.crt`],
      },
    },
  ]);
};

/** An index is written for a day, and deleted so many days later. */
export const policyJson = ({ loggingRetention = RETENTION }: Pick<Config, "loggingRetention">): string =>
  JSON.stringify(
    {
      policy: {
        phases: {
          hot: { actions: { rollover: { max_age: "1d", max_primary_shard_size: "10gb" } } },
          delete: { min_age: `${loggingRetention}d`, actions: { delete: {} } },
        },
      },
    },
    null,
    2,
  );
