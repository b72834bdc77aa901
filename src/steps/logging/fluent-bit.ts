import type { Config } from "../../config/config.ts";
import { toYaml } from "../../ports/yaml.ts";
import { collectedOf, filesOf } from "./collected.ts";

type Output = NonNullable<Config["loggingOutput"]>;
type Settings = Readonly<Record<string, string | number>>;

/** Variables of the pods, from the Secret of the output's credentials. */
export const VARIABLES = {
  username: "LOGGING_USERNAME",
  password: "LOGGING_PASSWORD",
  token: "LOGGING_TOKEN",
} as const;

/** What the Secret of the credentials holds. */
export interface Held {
  readonly password: boolean;
  readonly token: boolean;
  readonly ca: boolean;
}

const TAG = "kube.*";
/**
 * Records of all containers but queue-proxies, which are none but Services'. Of a pod that the API server does not know any more a record says
 * nothing, and requests must not be lost by that. A match of no length would be none (src/flb_router.c).
 */
const BESIDE_REQUESTS = "^(?!.*_queue-proxy-[0-9a-f]+\\.log$).+";
const STATE = "/var/lib/fluent-bit";
/** Names of indices and the job of Loki. */
export const PREFIX = "knative";
export const CA_FOLDER = "/fluent-bit/credentials";

/** Host, port and TLS of a URL, as every output by http has them. */
const reached = (url: URL, { ca }: Held): Settings => ({
  host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
  port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
  tls: url.protocol === "https:" ? "on" : "off",
  ...(url.protocol === "https:" && ca ? { "tls.ca_file": `${CA_FOLDER}/ca.crt` } : {}),
});

const path = ({ pathname }: URL, rest = ""): string => `${pathname.replace(/\/+$/, "")}${rest}`;
const bearer = `Bearer \${${VARIABLES.token}}`;

const basic = ({ password }: Held, names = ["http_user", "http_passwd"]): Settings => {
  const [user = "", secret = ""] = names;
  return password ? { [user]: `\${${VARIABLES.username}}`, [secret]: `\${${VARIABLES.password}}` } : {};
};

/** Elasticsearch and OpenSearch take the same. Dots in labels would make objects of some and texts of others. */
const indexed = (name: string, url: URL, held: Held): Settings => ({
  name,
  ...reached(url, held),
  ...(path(url) === "" ? {} : { path: path(url) }),
  ...basic(held),
  logstash_format: "on",
  logstash_prefix: PREFIX,
  suppress_type_name: "on",
  replace_dots: "on",
  generate_id: "on",
  trace_error: "on",
});

const OUTPUTS: Readonly<Record<Exclude<Output, "stdout">, (url: URL, held: Held) => Settings>> = {
  elasticsearch: (url, held) => indexed("es", url, held),
  opensearch: (url, held) => indexed("opensearch", url, held),
  loki: (url, held) => ({
    name: "loki",
    ...reached(url, held),
    uri: path(url, "/loki/api/v1/push"),
    ...basic(held),
    ...(held.token ? { bearer_token: `\${${VARIABLES.token}}` } : {}),
    labels: `job=${PREFIX}`,
    label_keys: "$kubernetes['namespace_name'],$kubernetes['container_name']",
    line_format: "json",
  }),
  http: (url, held) => ({
    name: "http",
    ...reached(url, held),
    uri: path(url) || "/",
    ...basic(held),
    ...(held.token ? { header: `Authorization ${bearer}` } : {}),
    format: "json",
    json_date_format: "iso8601",
  }),
};

/** What is not sent yet waits on disk, as long as it takes, up to so much. */
const PATIENT = { retry_limit: "no_limits", "storage.total_limit_size": "512M" };

const outputOf = ({ loggingOutput = "stdout", loggingUrl = "" }: Config, held: Held): Settings =>
  loggingOutput === "stdout"
    ? { name: "stdout", match: TAG, format: "json_lines" }
    : { match: TAG, ...OUTPUTS[loggingOutput](new URL(loggingUrl), held), ...PATIENT };

/** Configuration of Fluent Bit 5 (https://docs.fluentbit.io/manual/administration/configuring-fluent-bit/yaml). */
export const fluentBitYaml = (config: Config, held: Held): string => {
  const collected = collectedOf(config);
  return toYaml([
    {
      service: {
        flush: 1,
        log_level: "info",
        http_server: "on",
        http_listen: "0.0.0.0",
        http_port: 2020,
        "storage.path": `${STATE}/buffers`,
        "storage.sync": "normal",
        "storage.backlog.mem_limit": "16M",
      },
      pipeline: {
        inputs: [
          {
            name: "tail",
            tag: TAG,
            path: filesOf(collected),
            // Its own lines would make more of themselves.
            exclude_path: "/var/log/containers/fluent-bit-*_kube-logging_*.log",
            "multiline.parser": "docker, cri",
            // What was written while nobody read is read.
            read_from_head: "on",
            refresh_interval: 2,
            rotate_wait: 30,
            skip_long_lines: "on",
            db: `${STATE}/tail.db`,
            "db.locking": "on",
            "storage.type": "filesystem",
          },
        ],
        filters: [
          {
            name: "kubernetes",
            match: TAG,
            merge_log: "on",
            keep_log: "off",
            labels: "on",
            annotations: "off",
            "k8s-logging.parser": "off",
            "k8s-logging.exclude": "off",
          },
          ...(collected === "services"
            ? [
                {
                  name: "grep",
                  match_regex: BESIDE_REQUESTS,
                  regex: "$kubernetes['labels']['serving.knative.dev/service'] .",
                },
              ]
            : []),
        ],
        outputs: [outputOf(config, held)],
      },
    },
  ]);
};
