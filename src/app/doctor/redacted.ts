import { publicHalfOf } from "../../certificates/public-half.ts";
import { HOME } from "../../kube/inventory.ts";
import { isRecord, type KubeObject, type ManagedFields, type ObjectMeta } from "../../ports/object.ts";

/** Whose containers' environment is ours or Knative's own, and tells what is wrong; that of people's Services may hold passwords. */
const OPEN = new Set([HOME, "knative-serving", "kourier-system", "istio-system", "knative-serving-ingress"]);
/** kubectl keeps the whole object in it, environment included. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** Of a page that a gateway answers with, in characters. */
const MOST_OF_A_BODY = 2_000;

/**
 * The object without what is nobody's business: of a Secret its certificates and, of a key, the public half stay; of a container in people's
 * namespaces the names of its variables, and of people's Revisions no command line and no header of a probe.
 */
export const withoutSecrets = (object: KubeObject): KubeObject => {
  const { managedFields, annotations, ...metadata } = object.metadata;
  const slim: KubeObject = {
    ...object,
    metadata: { ...metadata, ...slimAnnotations(annotations), ...slimFields(object, managedFields) },
  };
  if (slim.kind === "Secret" && slim.apiVersion === "v1") return withPublicHalf(slim);
  if (OPEN.has(metadata.namespace ?? "") || slim.spec === undefined) return slim;
  return { ...slim, spec: hidden(slim.spec, isOfRevision(slim) ? IN_A_REVISION : IN_A_CONTAINER) };
};

/** Its containers are people's own. Those of agents and controllers tell in their command lines what they are for. */
const isOfRevision = ({ apiVersion, metadata: { labels } }: KubeObject): boolean =>
  apiVersion.startsWith("serving.knative.dev/") || labels?.["serving.knative.dev/revision"] !== undefined;

const slimAnnotations = (annotations: ObjectMeta["annotations"]): Pick<ObjectMeta, "annotations"> => {
  if (!annotations) return {};
  const { [LAST_APPLIED]: _whole, ...kept } = annotations;
  return { annotations: kept };
};

/** Who wrote it counts everywhere; which field, in what people configure by hand. */
const slimFields = (
  { kind }: KubeObject,
  fields: readonly ManagedFields[] | undefined,
): Pick<ObjectMeta, "managedFields"> => {
  if (!fields) return {};
  if (kind === "ConfigMap" || kind === "Gateway") return { managedFields: [...fields] };
  return { managedFields: fields.map(({ fieldsV1: _fields, ...entry }) => entry) };
};

const withPublicHalf = (secret: KubeObject): KubeObject => {
  const data = isRecord(secret.data) ? secret.data : {};
  const kept = Object.entries(data).map(([key, value]) => [key, typeof value === "string" ? publicHalf(value) : ""]);
  return { ...secret, data: Object.fromEntries(kept), ...("stringData" in secret ? { stringData: {} } : {}) };
};

/** Base64 in, base64 out. Empty stays empty: that something is missing is a finding. */
const publicHalf = (base64: string): string => {
  if (base64 === "") return "";
  const text = Buffer.from(base64, "base64").toString();
  if (/^-----BEGIN CERTIFICATE-----/m.test(text) && !text.includes("PRIVATE KEY")) return base64;
  try {
    return encoded(publicHalfOf(text));
  } catch {
    return encoded("[redacted]");
  }
};

const encoded = (text: string): string => Buffer.from(text).toString("base64");

const REDACTED = "[redacted]";

/** Variables and headers keep their names. */
const namesOnly = (named: unknown): unknown =>
  Array.isArray(named)
    ? named.map((one) => (isRecord(one) && typeof one.value === "string" ? { ...one, value: REDACTED } : one))
    : named;

const noWords = (words: unknown): unknown => (Array.isArray(words) ? words.map(() => REDACTED) : words);

/** What is put in place of a field, by its name, at any depth. */
type Hiding = Readonly<Record<string, (value: unknown) => unknown>>;

const IN_A_CONTAINER: Hiding = { env: namesOnly };
const IN_A_REVISION: Hiding = { ...IN_A_CONTAINER, args: noWords, command: noWords, httpHeaders: namesOnly };

const hidden = (value: unknown, hiding: Hiding): unknown => {
  if (Array.isArray(value)) return value.map((one) => hidden(one, hiding));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      Object.hasOwn(hiding, key) ? hiding[key]?.(inner) : hidden(inner, hiding),
    ]),
  );
};

/** A gateway's page, cut. */
export const shortened = <T extends { readonly body: string }>(response: T): T => ({
  ...response,
  body: response.body.slice(0, MOST_OF_A_BODY),
});

/** Of a line of a log, in characters: what went wrong stands at its beginning, a stack after it. */
const MOST_OF_A_LINE = 2_000;

/** A log, its long lines cut. What looks like a secret in it goes where every text does, when it is shown or kept. */
export const shortLines = (log: string): string =>
  log
    .split("\n")
    .map((line) => (line.length > MOST_OF_A_LINE ? `${line.slice(0, MOST_OF_A_LINE)}…` : line))
    .join("\n");
