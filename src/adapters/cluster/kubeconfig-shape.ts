import { isRecord } from "../../ports/object.ts";

/** What a kubeconfig must be before anything of it is used. Source: k8s.io/client-go/tools/clientcmd/api/v1. */

type Fields = Record<string, unknown>;

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  cluster: ["server", "certificate-authority-data", "certificate-authority", "tls-server-name", "proxy-url"],
  context: ["cluster", "user", "namespace"],
  user: [
    ...["client-certificate-data", "client-certificate", "client-key-data", "client-key"],
    ...["token", "tokenFile", "username", "password", "as", "as-uid"],
  ],
  exec: ["command", "apiVersion", "interactiveMode", "installHint"],
  env: ["name", "value"],
};

/** A value that YAML took for a number or a truth was meant as a text. */
const textOf = (value: unknown, place: string): string => {
  if (typeof value === "object") throw new Error(`${place} is not a text`);
  const text = String(value);
  if (text.includes("\0")) throw new Error(`${place} holds a character that no text has`);
  return text;
};

const withTexts = (record: Fields, kind: string, place: string): Fields => {
  const copy = { ...record };
  for (const field of TEXTS[kind] ?? [])
    if (copy[field] !== undefined && copy[field] !== null) copy[field] = textOf(copy[field], `${place}.${field}`);
  return copy;
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textsOf = (values: unknown, place: string): readonly string[] =>
  listOf(values).map((value, index) => textOf(value, `${place}[${index}]`));

/** `{name, <kind>: {…}}` of `clusters`, `contexts` and `users`. */
const entriesOf = (document: Fields, list: string, kind: string): readonly { name: string; value: Fields }[] => {
  const entries = document[list] ?? [];
  if (!Array.isArray(entries)) throw new Error(`${list} is not a list`);
  return entries.map((entry: unknown, index) => {
    const place = `${list}[${index}]`;
    if (!isRecord(entry)) throw new Error(`${place} is not a mapping`);
    if (entry.name === undefined || entry.name === null || entry.name === "")
      throw new Error(`${place}.name is missing`);
    const value = entry[kind] ?? {};
    if (!isRecord(value)) throw new Error(`${place}.${kind} is not a mapping`);
    return { name: textOf(entry.name, `${place}.name`), value: withTexts(value, kind, `${place}.${kind}`) };
  });
};

export interface Shaped {
  readonly currentContext: string | undefined;
  readonly clusters: readonly { readonly name: string; readonly value: Fields }[];
  readonly contexts: readonly { readonly name: string; readonly value: Fields }[];
  readonly users: readonly { readonly name: string; readonly value: Fields }[];
}

/** The entries of a document, with texts wherever texts belong. Throws an Error that names the place which has something else. */
export const shaped = (document: unknown): Shaped => {
  if (!isRecord(document)) throw new Error("it is not a mapping with clusters, users and contexts");
  const current = document["current-context"];
  return {
    currentContext: current ? textOf(current, "current-context") : undefined,
    clusters: entriesOf(document, "clusters", "cluster"),
    contexts: entriesOf(document, "contexts", "context"),
    users: entriesOf(document, "users", "user").map(({ name, value: written }, index) => {
      const user = `users[${index}].user`;
      const place = `${user}.exec`;
      const extra = isRecord(written["as-user-extra"]) ? Object.entries(written["as-user-extra"]) : [];
      const value: Fields = {
        ...written,
        "as-groups": textsOf(written["as-groups"], `${user}.as-groups`),
        "as-user-extra": Object.fromEntries(
          extra.map(([key, values]) => [key, textsOf(values, `${user}.as-user-extra.${key}`)]),
        ),
      };
      if (!isRecord(value.exec)) return { name, value };
      const exec = withTexts(value.exec, "exec", place);
      const env = listOf(exec.env).map((entry, index) =>
        withTexts(isRecord(entry) ? entry : {}, "env", `${place}.env[${index}]`),
      );
      return { name, value: { ...value, exec: { ...exec, args: textsOf(exec.args, `${place}.args`), env } } };
    }),
  };
};
