import type { Obj } from "../../src/sandbox/types.ts";

/** `Kind.group/namespace/name` → path of a field → its value as JSON. */
export type Fields = ReadonlyMap<string, ReadonlyMap<string, string>>;

const HASH = "pod-template-hash";
const REVISION = "deployment.kubernetes.io/revision";

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const ADDRESS = /(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])/g;
const TOKEN_VOLUME = /kube-api-access-[a-z0-9]{5}/g;

/** Fields whose values no two clusters could agree on. */
const FREE: Readonly<Record<string, string>> = {
  nodeName: "<node>",
  nodePort: "<port>",
  resourceVersion: "<version>",
  _example: "<example>",
  caBundle: "<ca>",
  "ca.crt": "<ca>",
  "kn-bootstrap/certificate": "<fingerprint>",
  proved: "<digest>",
};

/** Lists in no order, by what identifies an item. */
const KEYED: Readonly<Record<string, (item: Obj) => unknown>> = {
  conditions: ({ type }) => type,
  containers: ({ name }) => name,
  containerStatuses: ({ name }) => name,
  managedFields: ({ manager, operation, subresource }) => [manager, operation, subresource].filter(Boolean).join(" "),
  ports: ({ name, port, containerPort }) => name ?? port ?? containerPort,
};

const groupOf = ({ apiVersion }: Obj): string => (apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "");

/** A name without what was drawn or hashed: `activator-<hash>-<random>`. */
const nameOf = ({ kind, metadata }: Obj): string => {
  const { name, generateName, labels = {}, annotations = {} } = metadata;
  const hash = labels[HASH];
  const isDrawn = generateName !== undefined && name.startsWith(generateName);
  const known = isDrawn ? `${generateName}<random>` : name;
  const plain = hash ? known.replace(hash, "<hash>") : known;
  return kind === "ReplicaSet" ? `${plain} of revision ${annotations[REVISION]}` : plain;
};

/** Objects as their fields, so that two clusters can be compared: what differs from run to run has one name in both. */
export const fieldsOf = (objects: readonly Obj[]): Fields => {
  const age = ({ metadata }: Obj): string => metadata.creationTimestamp ?? "";
  const named = new Map<string, Obj>();
  for (const object of [...objects].sort((a, b) => (age(a) < age(b) ? -1 : 1))) {
    const base = `${object.kind}.${groupOf(object)}/${object.metadata.namespace ?? ""}/${nameOf(object)}`;
    let key = base;
    for (let number = 2; named.has(key); number++) key = `${base} (${number})`;
    named.set(key, object);
  }
  const uids = new Map([...named].map(([key, { metadata }]) => [metadata.uid ?? "", key]));
  const names = new Map([...named].map(([key, { metadata }]) => [metadata.name, key.slice(key.lastIndexOf("/") + 1)]));
  for (const { metadata } of objects) names.set(metadata.labels?.[HASH] ?? "", "<hash>");
  // The longest first: the name of a pod begins with the name of its ReplicaSet.
  const renamed = [...names].filter(([from, to]) => from !== "" && from !== to).sort(([a], [b]) => b.length - a.length);
  const text = (value: string): string =>
    renamed
      .reduce((said, [from, to]) => said.replaceAll(from, to), value)
      .replace(UUID, (uid) => `<uid of ${uids.get(uid) ?? "something gone"}>`)
      .replace(TIME, "<time>")
      .replace(ADDRESS, "<ip>")
      .replace(TOKEN_VOLUME, "kube-api-access-<random>");
  return new Map(
    [...named].map(([key, object]) => [key, new Map(flatten(object, "", text, object.kind === "Secret"))]),
  );
};

type Field = readonly [path: string, value: string];

const flatten = (
  value: unknown,
  path: string,
  text: (value: string) => string,
  isSecret: boolean,
): readonly Field[] => {
  if (Array.isArray(value)) {
    const idOf = KEYED[path.slice(path.lastIndexOf(".") + 1)];
    const items = value.map((item, index) => [idOf?.(item) ?? index, item] as const);
    return value.length === 0
      ? [[path, "[]"]]
      : items.flatMap(([id, item]) => flatten(item, `${path}[${id}]`, text, isSecret));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return [[path, "{}"]];
    return entries.flatMap(([key, item]) => {
      const inner = `${path}.${key.includes(".") ? `"${text(key)}"` : text(key)}`;
      const free = typeof item === "object" ? undefined : FREE[key];
      return free === undefined ? flatten(item, inner, text, isSecret) : [[inner, free] as const];
    });
  }
  if (isSecret && path.startsWith(".data.")) return [[path, "<secret>"]];
  return [[path, JSON.stringify(typeof value === "string" ? text(value) : value)]];
};
