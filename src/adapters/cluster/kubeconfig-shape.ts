import * as z from "zod/mini";
import { at, isRecord } from "../../ports/object.ts";
import { isPlaceholder } from "../../ports/text.ts";

/*
 * What Go's types let through (k8s.io/client-go/tools/clientcmd/api/v1): null is absence, nothing is converted, unknown fields do not matter, and one
 * wrong field anywhere refuses the whole file.
 */

const given = <T extends z.ZodMiniType>(type: T, empty: unknown) =>
  z.pipe(
    z.transform((value: unknown) => value ?? empty),
    type,
  );
const text = given(
  z.string().check(z.refine((value) => !value.includes("\0"), "holds a character that no text has")),
  "",
);
const flag = given(z.boolean(), false);
const list = <T extends z.ZodMiniType>(item: T) => given(z.array(item), []);
const fields = <T extends z.core.$ZodLooseShape>(shape: T) => given(z.object(shape), {});
const map = <T extends z.ZodMiniType>(item: T) => given(z.record(z.string(), item), {});

/** The content of a data field; undefined: there is none. */
export interface Embedded {
  /** As it stands in the file. */
  readonly written: string;
  readonly content: string;
}

/** Go's encoding/base64: line ends are skipped, everything else counts. */
const embedded = z.pipe(
  text,
  z.transform((written, context): Embedded | undefined => {
    const base64 = written.replace(/[\r\n]/g, "");
    if (/^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(base64) && !base64.includes("_"))
      return written === "" ? undefined : { written, content: Buffer.from(base64, "base64").toString("utf8") };
    context.issues.push({ code: "custom", message: notBase64(written), input: undefined });
    return z.NEVER;
  }),
);

/** Nothing of the value is repeated but a placeholder: it may be a key. */
const notBase64 = (written: string): string => {
  if (written.includes("-----BEGIN")) return "holds PEM as it is, and must hold it in base64";
  if (isPlaceholder(written)) return `holds the placeholder ${written.trim()}, and must hold PEM in base64`;
  if (/^[~.]?[\\/].*\.\w+$/.test(written.trim()))
    return "holds a path, which belongs into the field without -data, and must hold PEM in base64";
  return "is not base64";
};

const CLUSTER = fields({
  server: text,
  "tls-server-name": text,
  "insecure-skip-tls-verify": flag,
  "certificate-authority": text,
  "certificate-authority-data": embedded,
  "proxy-url": text,
  extensions: list(fields({ name: text, extension: z.unknown() })),
});

const USER = fields({
  "client-certificate": text,
  "client-certificate-data": embedded,
  "client-key": text,
  "client-key-data": embedded,
  token: text,
  tokenFile: text,
  as: text,
  "as-uid": text,
  "as-groups": list(text),
  "as-user-extra": map(list(text)),
  username: text,
  password: text,
  "auth-provider": z.nullish(z.object({ name: text, config: map(text) })),
  exec: z.nullish(
    z.object({
      command: text,
      args: list(text),
      env: list(fields({ name: text, value: text })),
      apiVersion: text,
      installHint: text,
      provideClusterInfo: flag,
      interactiveMode: text,
    }),
  ),
});

const KUBECONFIG = fields({
  apiVersion: text,
  kind: text,
  "current-context": text,
  clusters: list(fields({ name: text, cluster: CLUSTER })),
  contexts: list(fields({ name: text, context: fields({ cluster: text, user: text, namespace: text }) })),
  users: list(fields({ name: text, user: USER })),
});

export type KubeconfigShape = z.infer<typeof KUBECONFIG>;
export type ClusterFields = z.infer<typeof CLUSTER>;
export type UserFields = z.infer<typeof USER>;
export type ExecFields = NonNullable<UserFields["exec"]>;

const LISTS = { clusters: "cluster", contexts: "context", users: "user" } as const;

/** The entries of a document; throws an Error whose message says which fields of which entries are wrong, and repeats none of their values. */
export const shapeOf = (document: unknown): KubeconfigShape => {
  const wanted = document ?? {};
  if (!isRecord(wanted)) throw new Error("it is no mapping with clusters, users and contexts");
  const { data, error } = KUBECONFIG.safeParse(wanted);
  const problems = error ? error.issues.map((issue) => problemIn(wanted, issue)) : conflicts(data);
  if (problems.length > 0) throw new Error(problems.slice(0, 3).join("; "));
  return data as KubeconfigShape;
};

/** What Go refuses when it makes maps of the lists, and objects of another kind. */
const conflicts = ({ kind, apiVersion, ...lists }: KubeconfigShape): readonly string[] => [
  ...(kind === "" || kind === "Config" ? [] : [`its kind is ${kind}, and must be Config`]),
  ...(apiVersion === "" || apiVersion === "v1" ? [] : [`its apiVersion is ${apiVersion}, and must be v1`]),
  ...(Object.keys(LISTS) as (keyof typeof LISTS)[]).flatMap((key) => {
    const seen = new Set<string>();
    const twice = lists[key].find(({ name }) => seen.size === seen.add(name).size)?.name;
    if (twice === undefined) return [];
    return [twice === "" ? `${key} has two entries without a name` : `${key} has an entry "${twice}" twice`];
  }),
];

type Issue = z.core.$ZodIssue;

const problemIn = (document: unknown, issue: Issue): string => {
  const [key = "", index, ...rest] = issue.path;
  const place = placeOf(document, String(key), index);
  // A field inside an entry is named by its path: clusters[0].cluster.server.
  const field = (rest[0] === LISTS[key as keyof typeof LISTS] && rest.length > 1 ? rest.slice(1) : rest)
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
  return `${[place, field].filter((part) => part !== "").join(": ")} ${wordsFor(document, issue)}`;
};

/** `cluster "prod"`, `clusters[3]`, `clusters` */
const placeOf = (document: unknown, key: string, index: PropertyKey | undefined): string => {
  if (index === undefined || !(key in LISTS)) return [key, index].filter((part) => part !== undefined).join(".");
  const name = at(document, key, Number(index), "name");
  return typeof name === "string" ? `${LISTS[key as keyof typeof LISTS]} "${name}"` : `${key}[${String(index)}]`;
};

const MUST: Readonly<Record<string, string>> = {
  string: "a text",
  boolean: "true or false, without quotes",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

const wordsFor = (document: unknown, issue: Issue): string => {
  if (issue.code !== "invalid_type") return issue.message;
  const value = at(document, ...issue.path.map((part) => (typeof part === "number" ? part : String(part))));
  const kind = Array.isArray(value)
    ? "a list"
    : isRecord(value)
      ? "a mapping"
      : `a ${typeof value}`.replace("string", "text");
  const isScalar = typeof value === "number" || typeof value === "boolean";
  if (issue.expected === "string" && isScalar)
    return `is ${typeof value === "number" ? "a number" : "true or false"} to YAML: write it in quotes`;
  return `must be ${MUST[issue.expected] ?? issue.expected}, and is ${kind}`;
};
