import type { Arrival } from "../world.ts";

/** A kubeconfig, or several, and what comes of it with kubectl and here. */
export interface Case {
  readonly name: string;
  /** By path below the case's folder, which is the current one; `config` is the kubeconfig. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Default `--kubeconfig config`. `~` is the folder. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What arrives; a pattern: nothing does, and these words say why. */
  readonly expected: Arrival | RegExp;
  /** Where kubectl does something else, or some versions do: what, and why we do not. */
  readonly kubectl?: { readonly expected: Arrival | "refuses"; readonly because: string };
}

export const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");
export const indented = (text: string, by: number): string => text.trimEnd().replace(/^/gm, " ".repeat(by));

/** One context with one cluster and one user, whose fields are given as YAML in flow or block style. */
export const config = (cluster: string, user = "{token: t}", more = ""): string =>
  `apiVersion: v1
kind: Config
current-context: x
clusters:
- name: c
  cluster: ${cluster}
users:
- name: u
  user: ${user}
contexts:
- name: x
  context: {cluster: c, user: u}
${more}`;

export const block = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `\n    ${name}: ${value}`)
    .join("");

export const utf16 = (text: string, order: "le" | "be"): Buffer => {
  const little = Buffer.from(`\ufeff${text}`, "utf16le");
  return order === "le" ? little : little.swap16();
};
