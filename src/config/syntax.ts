import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { didYouMean } from "./similar.ts";
import { SKIPPABLE } from "./skippable.ts";

/** Why a text is not what an option takes, as two sentences: the reason, and what to write instead. */
export interface Problem {
  readonly why: string;
  readonly remedy: string;
}

/** Brings a text into its one written form, or says what is wrong with it. */
export type Syntax = (text: string) => string | Problem;

const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** RFC 1035 §2.3.4 and RFC 1123 §2.1, for a name that is lower-cased already; undefined when it is a host name. */
const hostProblem = (name: string): Problem | undefined => {
  const remedy = "Write it like apps.example.com.";
  if (name.length > 253)
    return { why: `It has ${name.length} characters; a DNS name has at most 253.`, remedy: "Choose a shorter name." };
  for (const label of name.split(".")) {
    if (label === "") return { why: "It has an empty label.", remedy };
    if (label.length > 63)
      return {
        why: `"${label}" has ${label.length} characters; a DNS label has at most 63.`,
        remedy: "Choose a shorter name.",
      };
    if (!LABEL.test(label))
      return { why: `"${label}" is not a DNS label: letters, digits and inner hyphens only.`, remedy };
  }
  return undefined;
};

const bare = (text: string): string => text.trim().toLowerCase().replace(/\.$/, "");

/** The base domain of every URL. */
export const domainName: Syntax = (text) => {
  const name = bare(text);
  if (name.includes("://"))
    return {
      why: "It has a scheme.",
      remedy: `Write the name alone, for example ${name.split("://")[1]?.split(/[/:]/)[0]}.`,
    };
  if (isIP(name))
    return {
      why: "It is an IP address.",
      remedy: `Give --dns magic --address ${name} instead: magic DNS makes a name from it.`,
    };
  if (name.startsWith("*.")) return { why: "The wildcard is added by itself.", remedy: `Write ${name.slice(2)}.` };
  if (/[/:]/.test(name))
    return { why: "It has a port or a path.", remedy: `Write the name alone, for example ${name.split(/[/:]/)[0]}.` };
  // Certificates and Kubernetes know the ASCII form only (RFC 5890), and two spellings of one domain must not exist.
  if (/[^\p{ASCII}]/u.test(name)) {
    const ascii = domainToASCII(name);
    return {
      why: "It is not ASCII.",
      remedy: ascii ? `Write it in its ASCII form: ${ascii}.` : "Write it in its ASCII form (xn--…).",
    };
  }
  const problem = hostProblem(name);
  if (problem) return problem;
  if (!name.includes("."))
    return {
      why: "It has one label only.",
      remedy: `Write a name below a domain of yours, for example ${name}.example.com.`,
    };
  if (/(^|\.)\d+$/.test(name))
    return {
      why: "Its last label is a number, so it reads as an IP address.",
      remedy: "Write it like apps.example.com.",
    };
  return name;
};

/** What DNS records point at. */
export const hostOrAddress: Syntax = (text) => {
  const name = bare(text).replace(/^\[(.*)\]$/, "$1");
  if (isIP(name)) return name;
  if (/[/:]/.test(name))
    return { why: "It has a scheme, a port or a path.", remedy: "Write the IP address or the host name alone." };
  if (/(^|\.)\d+$/.test(name))
    return { why: "It is no complete IP address.", remedy: "Write all of it, for example 203.0.113.7." };
  return hostProblem(name) ?? name;
};

/** Where image references are rewritten to: a registry's host with an optional port and path. */
export const imageRegistry: Syntax = (text) => {
  const name = text.trim().replace(/\/+$/, "");
  if (name.includes("://")) return { why: "It has a scheme.", remedy: `Write ${name.split("://")[1]}.` };
  if (name.includes("@"))
    return {
      why: "It has a digest or a user.",
      remedy: "Write the host and path alone, for example registry.example.com/mirror.",
    };
  const [host = "", ...path] = name.split("/");
  if (/:/.test(path.join("/")))
    return { why: "It has a tag.", remedy: "Write the host and path alone; tags and digests are kept." };
  const [machine = "", port] = host.split(":");
  if (hostProblem(machine.toLowerCase()) || (port !== undefined && !/^\d{1,5}$/.test(port))) {
    return { why: `"${host}" is no host, or host:port.`, remedy: "Write it like registry.example.com:5000/mirror." };
  }
  const odd = path.find((part) => !/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/.test(part));
  if (odd !== undefined)
    return {
      why: `"${odd}" cannot be part of a repository's path: lower-case letters, digits and inner . _ -.`,
      remedy: "Write it like registry.example.com/mirror.",
    };
  return [host.toLowerCase(), ...path].join("/");
};

/** A registry's host with an optional port, as Knative compares it. */
export const registryHost: Syntax = (text) => {
  const name = imageRegistry(text);
  if (typeof name === "string" && name.includes("/"))
    return { why: "It has a path.", remedy: `Write the host alone: ${name.split("/")[0]}.` };
  return name;
};

/** Replaces the host that releases are downloaded from. */
export const mirrorUrl: Syntax = (text) => {
  const url = URL.parse(text.trim());
  if (!url || !/^https?:$/.test(url.protocol))
    return { why: "It is no http or https URL.", remedy: "Write it like https://mirror.example.com/github." };
  // An option is shown in plans and kept in the cluster, so it must not carry a password (house rule 17).
  if (url.username || url.password)
    return {
      why: "It carries credentials.",
      remedy: "Put them where the mirror's address does not show them, for example a proxy.",
    };
  return url.href.replace(/\/+$/, "");
};

const COLLECTOR = "Write it like http://otel-collector.observability:4318/v1/metrics.";

/** Where OpenTelemetry metrics are sent. Knative gives it to its exporters as it is, so the path belongs to it. */
export const metricsEndpoint: Syntax = (text) => {
  const url = URL.parse(text.trim());
  if (!url || !/^https?:$/.test(url.protocol)) return { why: "It is no http or https URL.", remedy: COLLECTOR };
  // It is shown in plans and stands in a ConfigMap.
  if (url.username || url.password)
    return { why: "It carries credentials.", remedy: "Send to a collector in the cluster, which adds them." };
  if (url.search || url.hash) return { why: "It has more than a path.", remedy: COLLECTOR };
  if (url.pathname !== "/") return url.href;
  if (url.port === "4317") return url.origin;
  return {
    why: "It has no path. By http, metrics are taken at a path of their own; gRPC has none, at port 4317.",
    remedy: `Write ${url.origin}/v1/metrics, as most collectors have it.`,
  };
};

/** `1.23` or `1.23.0`. */
export const version: Syntax = (text) => {
  const found = /^(?:knative-)?v?(\d+\.\d+(?:\.\d+)?)$/.exec(text.trim());
  return found?.[1] ?? { why: "It is no version.", remedy: "Write a minor such as 1.23, or a patch such as 1.23.0." };
};

/** RFC 1123 label, as Kubernetes wants namespaces. */
export const namespaceName: Syntax = (text) => {
  const name = text.trim();
  if (name.length <= 63 && LABEL.test(name)) return name;
  return {
    why: "A namespace has at most 63 lower-case letters, digits and inner hyphens.",
    remedy: "Write it as kubectl get namespaces shows it.",
  };
};

/** `host`, `host:port`, `[v6]:port`; the port is 53 when absent. */
export const resolverAddress: Syntax = (text) => {
  const name = text.trim().toLowerCase();
  const [, v6, host = v6 ?? "", port = "53"] = /^(?:\[([0-9a-f:]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(name) ?? [];
  const bareV6 = isIP(name) === 6;
  if (!bareV6 && (host === "" || Number(port) > 65_535 || (!isIP(host) && hostProblem(host))))
    return { why: "It is no host, or host:port.", remedy: "Write it like 192.0.2.53 or 192.0.2.53:5353." };
  if (bareV6) return `[${name}]:53`;
  return v6 === undefined ? `${host}:${port}` : `[${v6}]:${port}`;
};

/** As RFC 8555 §7.1.2 wants one contact: one address and nothing else. */
export const emailAddress: Syntax = (text) => {
  const address = text.trim().replace(/^mailto:/i, "");
  if (/^[^\s@,?]+@[^\s@,?]+\.[^\s@,?.]+$/.test(address)) return address;
  return { why: "It is no e-mail address.", remedy: "Write one address, for example platform@example.com." };
};

/** An ACME directory: https only (RFC 8555 §6.1). */
export const directoryUrl: Syntax = (text) => {
  const url = URL.parse(text.trim());
  if (url?.protocol !== "https:")
    return { why: "It is no https URL.", remedy: "Write it like https://ca.example.com/acme/directory." };
  if (url.username || url.password)
    return {
      why: "It carries credentials.",
      remedy: "External account binding comes by ACME_EAB_KID and ACME_EAB_HMAC_KEY.",
    };
  return url.href;
};

const namespaced =
  (example: string): Syntax =>
  (text) => {
    const [namespace = "", name = "", ...rest] = text.trim().split("/");
    const isName = name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name);
    if (rest.length === 0 && isName && namespace.length <= 63 && LABEL.test(namespace)) return `${namespace}/${name}`;
    return { why: "It is no namespace/name.", remedy: `Write it like ${example}.` };
  };

/** `namespace/name` of a Secret. */
export const secretName = namespaced("default/wildcard-tls");
/** `namespace/name` of a Service. */
export const serviceName = namespaced("istio-system/istio-ingressgateway");

const decoded = (text: string): string => {
  try {
    return decodeURI(text);
  } catch {
    // No text of UTF-8: not to be read is odd enough.
    return "\\";
  }
};

/** Where logs are sent: an http or https URL without credentials. */
export const storeUrl: Syntax = (text) => {
  const url = URL.parse(text.trim());
  if (!url || !/^https?:$/.test(url.protocol))
    return { why: "It is no http or https URL.", remedy: "Write it like https://logs.example.com:9200." };
  // An option is shown in plans and kept in the cluster, so it must not carry a password (house rule 17).
  if (url.username || url.password)
    return {
      why: "It carries credentials.",
      remedy: "They come by LOGGING_USERNAME and LOGGING_PASSWORD, or LOGGING_TOKEN.",
    };
  if (url.search || url.hash)
    return { why: "It has a query or a fragment.", remedy: "Write scheme, host, port and path." };
  // Fluent Bit reads these as the beginning of a variable, and the end of a value.
  if (/[${}"\\\s]/.test(decoded(url.href)))
    return { why: "Its path has odd characters.", remedy: "Write them in their encoded form." };
  if (/^(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0|\[::\])$/.test(url.hostname))
    return {
      why: "In a pod that is the pod itself.",
      remedy: "Write the address as pods reach it, such as http://loki.monitoring.svc:3100.",
    };
  return url.href.replace(/\/+$/, "");
};

/** A label of nodes: `key`, or `key=value`. */
export const nodeLabel: Syntax = (text) => {
  const label = text.trim();
  const name = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
  const form = new RegExp(`^(([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)/)?${name}(=(${name})?)?$`);
  if (form.test(label)) return label;
  return { why: "It is no label of nodes.", remedy: "Write it like example.com/logs or example.com/logs=true." };
};

const wholeNumber =
  (least: number, most: number, what: string): Syntax =>
  (text) => {
    const trimmed = text.trim();
    const number = /^\d{1,6}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
    if (number >= least && number <= most) return String(number);
    return {
      why: `It is no number of ${what} from ${least} to ${most}.`,
      remedy: `Write a whole number, for example ${least}.`,
    };
  };

export const days = wholeNumber(1, 3650, "days");
export const replicas = wholeNumber(1, 9, "nodes");

/** Nodes of a rehearsal: how many, of how many CPUs, of how much memory each: `3x2cpu`, `3x2cpu4gi`. */
export const nodeSizes: Syntax = (text) => {
  const written = text.trim().toLowerCase();
  const [, count = "", cpus = "", memory] = /^(\d{1,3})x(\d{1,3})cpu(?:(\d{1,4})gib?)?$/.exec(written) ?? [];
  const remedy = "Write it like 3x2cpu or 3x2cpu4gi: three nodes, each with two CPUs and four GiB.";
  if (count === "") return { why: "It says no nodes.", remedy };
  const isIn = (number: string, most: number): boolean => Number(number) >= 1 && Number(number) <= most;
  if (!isIn(count, 100)) return { why: "A rehearsal has 1 to 100 nodes.", remedy };
  if (!isIn(cpus, 128)) return { why: "A node has 1 to 128 CPUs here.", remedy };
  if (memory !== undefined && !isIn(memory, 1024)) return { why: "A node has 1 to 1024 GiB here.", remedy };
  return written;
};

const BYTES: Readonly<Record<string, number>> = { Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, M: 1e6, G: 1e9, T: 1e12 };

/** Of a volume for Elasticsearch, as Kubernetes counts it (`resource.Quantity` with a binary or decimal suffix). */
export const size: Syntax = (text) => {
  const [amount = "", count, unit = ""] = /^([1-9]\d{0,5})(Mi|Gi|Ti|M|G|T)$/.exec(text.trim()) ?? [];
  if (count === undefined) return { why: "It is no size of a volume.", remedy: "Write it like 10Gi." };
  if (Number(count) * (BYTES[unit] ?? 0) >= 1e9) return amount;
  return { why: "On so little room Elasticsearch writes nothing.", remedy: "Give it 1Gi or more, for example 10Gi." };
};

/** Name of an object in a namespace that is known (RFC 1123 subdomain). */
export const objectName: Syntax = (text) => {
  const name = text.trim();
  if (name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) return name;
  return { why: "It is no name of an object.", remedy: "Write it as kubectl get shows it, without the namespace." };
};

/** A reference to an image: registry, path, and a tag or digest or neither, as the distribution's grammar has it. */
export const imageName: Syntax = (text) => {
  const name = text.trim();
  const [, repository = "", ending = ""] = /^(.*?)((?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?)$/.exec(name) ?? [];
  const checked = repository === "" ? { why: "It is empty." } : imageRegistry(repository);
  return typeof checked === "string" && checked === repository
    ? `${repository}${ending}`
    : { why: "It is no reference to an image.", remedy: "Write it like registry.example.com/kn-bootstrap:0.1.0." };
};

/** Five fields, as a CronJob has them: numbers, names, ranges and steps. */
export const cronSchedule: Syntax = (text) => {
  const schedule = text.trim().replace(/\s+/g, " ");
  if (/^[\w*,/?-]+( [\w*,/?-]+){4}$/.test(schedule)) return schedule;
  return { why: "It is no schedule.", remedy: 'Write five fields, such as "*/30 * * * *" or "0 6 * * 1-5".' };
};

/** Of a hosted zone, with or without the path in front that AWS shows; it becomes a part of a URL. */
export const zoneId: Syntax = (text) => {
  const id = text.trim();
  if (/^(\/hostedzone\/)?[\w.-]+$/.test(id)) return id;
  return {
    why: "It is no id of a zone.",
    remedy: "Write it as your provider shows it, for Route 53 like Z0123456789ABCDEFGHIJ.",
  };
};

/** Of an IAM role, as EKS wants it in the account's annotation. */
export const roleName: Syntax = (text) => {
  const arn = text.trim();
  if (/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(arn)) return arn;
  return {
    why: "It is no ARN of an IAM role.",
    remedy: "Write it like arn:aws:iam::123456789012:role/kn-bootstrap-renew.",
  };
};

/** `area.name` of a check that an install can do without. */
export const checkId: Syntax = (text) => {
  const name = text.trim();
  if (SKIPPABLE.some((id) => id === name)) return name;
  const all = SKIPPABLE.join(", ");
  return {
    why: `A check is called area.name, and those that can be left out are ${all}.`,
    remedy: didYouMean(name, SKIPPABLE, "Write one of them."),
  };
};

/** A date, or a date and a time with its zone; in UTC. */
export const moment: Syntax = (text) => {
  const trimmed = text.trim();
  const isForm = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(trimmed);
  const date = isForm ? new Date(trimmed) : new Date(Number.NaN);
  // ECMAScript takes the 30th of February for the 2nd of March.
  const day = trimmed.slice(0, 10);
  const isDay = isForm && new Date(day).toJSON()?.startsWith(day);
  if (isDay && !Number.isNaN(date.getTime())) return date.toISOString();
  return { why: "It is no date.", remedy: "Write 2026-11-30, or 2026-11-30T08:00:00Z." };
};

export const anyText: Syntax = (text) => text.trim();

/** A time that a request takes, as `500ms`. */
export const milliseconds: Syntax = (text) => {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text.trim()) ?? [];
  if (number !== undefined) return `${Number(number) * ({ ms: 1, s: 1000, m: 60_000 }[unit] ?? 1)}ms`;
  return { why: "It is no time.", remedy: "Write 500ms, 2s or 1m." };
};

/** Seconds of `600`, `10m`, `1h30m` (whole units, largest first); undefined when it is no duration. */
export const seconds = (text: string): number | undefined => {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return Number(trimmed);
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(trimmed);
  if (!parts || trimmed === "") return undefined;
  const [, h = "0", m = "0", s = "0"] = parts;
  return Number(h) * 3600 + Number(m) * 60 + Number(s);
};

/** The inverse of {@link seconds}: `1h30m`, `45s`. */
export const duration = (total: number): string => {
  const units = [`${Math.floor(total / 3600)}h`, `${Math.floor((total % 3600) / 60)}m`, `${total % 60}s`];
  return units.filter((unit) => !unit.startsWith("0")).join("") || "0s";
};
