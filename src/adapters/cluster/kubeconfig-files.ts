import { createReadStream } from "node:fs";
import path from "node:path";
import { collect } from "../../ports/bounded.ts";
import { messageOf, UserError } from "../../ports/error.ts";
import { at } from "../../ports/object.ts";
import { fileWord, sh } from "../../ports/shell.ts";
import { decodeText } from "../../ports/text.ts";
import type { ClusterFields, UserFields } from "./kubeconfig-shape.ts";

/** Thousands of clusters, with all their certificates. */
const MOST = 16 * 2 ** 20;
const MOST_NODES = 200_000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The entries of one kubeconfig, or of several merged. */
export interface Kubeconfig {
  /** The files it came from, for messages. */
  readonly files: readonly string[];
  /** Empty: none. */
  readonly currentContext: string;
  readonly contexts: readonly ContextEntry[];
  readonly clusters: readonly ClusterEntry[];
  readonly users: readonly UserEntry[];
}

export interface ContextEntry {
  readonly name: string;
  /** Empty: none. */
  readonly cluster: string;
  /** Empty: nobody. */
  readonly user: string;
}

/** `folder`: where relative paths start. */
export type ClusterEntry = ClusterFields & { readonly name: string; readonly folder: string };
export type UserEntry = UserFields & { readonly name: string; readonly folder: string };

/**
 * Reads what kubectl would read: the given file, else the list in KUBECONFIG, else ~/.kube/config. Of entries with the same
 * name the first wins, files of the list that do not exist are ignored. Undefined: there is no kubeconfig.
 * Source: k8s.io/client-go/tools/clientcmd/loader.go.
 */
export const readKubeconfig = async (given: string | undefined, env: Environment): Promise<Kubeconfig | undefined> => {
  const list = given ? [given] : (env.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  const isNamed = Boolean(given || env.KUBECONFIG);
  const home = env.HOME || env.USERPROFILE;
  const files = isNamed ? [...new Set(list)] : home ? [path.join(home, ".kube", "config")] : [];
  const configs: Kubeconfig[] = [];
  for (const file of files) {
    const bytes = await readBytes(file);
    if (bytes !== undefined) configs.push(await parse(bytes, file));
  }
  if (configs.length > 0) return merge(configs);
  if (!isNamed) return undefined;
  throw new UserError({
    id: "kubeconfig.missing",
    what: given
      ? `the kubeconfig ${given} does not exist`
      : list.length > 0
        ? `KUBECONFIG names ${list.join(", ")}, and no such file exists`
        : "KUBECONFIG is a list of files, and no file is in it",
    remedy: {
      text: "Name a kubeconfig that kubectl can use; this shows what kubectl has:",
      command: sh`kubectl config get-contexts`,
    },
    kind: "input",
  });
};

const readBytes = async (file: string): Promise<Uint8Array | undefined> => {
  try {
    return await collect(createReadStream(file), MOST);
  } catch (error) {
    const code = at(error, "code");
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const reasons: Record<string, string> = {
      EACCES: "its permissions do not allow it",
      EISDIR: "it is a folder",
      ERR_TOO_MUCH: `it is ${messageOf(error)}, and no kubeconfig is`,
    };
    throw new UserError({
      id: "kubeconfig.unreadable",
      what: `the kubeconfig ${file} cannot be read: ${reasons[String(code)] ?? messageOf(error)}`,
      remedy: {
        text: "Name a file that you may read. This shows what stands there:",
        command: sh`ls -ld ${fileWord(file)}`,
      },
      kind: "input",
    });
  }
};

const parse = async (bytes: Uint8Array, file: string): Promise<Kubeconfig> => {
  // Loaded only when needed, because half of the commands read no kubeconfig.
  const [{ parseFirst, YamlProblem }, { shapeOf }] = await Promise.all([
    import("../../ports/yaml.ts"),
    import("./kubeconfig-shape.ts"),
  ]);
  const folder = path.resolve(path.dirname(file));
  try {
    const shape = shapeOf(parseFirst(decodeText(bytes), MOST_NODES));
    return {
      files: [file],
      currentContext: shape["current-context"],
      contexts: shape.contexts.map(({ name, context }) => ({ name, ...context })),
      clusters: shape.clusters.map(({ name, cluster }) => ({ ...cluster, name, folder })),
      users: shape.users.map(({ name, user }) => ({ ...user, name, folder })),
    };
  } catch (error) {
    const line = error instanceof YamlProblem && error.line !== undefined ? `, line ${error.line},` : "";
    const isData = /-data /.test(messageOf(error));
    throw new UserError({
      id: "kubeconfig.malformed",
      what: `the kubeconfig ${file}${line} cannot be understood: ${messageOf(error)}`,
      remedy: isData
        ? COPY
        : {
            text: "Correct it, or write it again with your provider's tool. kubectl shows what it understands:",
            command: sh`kubectl --kubeconfig ${fileWord(file)} config view`,
          },
      kind: "input",
    });
  }
};

/** Where certificates, keys and tokens were lost on the way. */
export const COPY = {
  text: "Copy the kubeconfig whole: kubectl config view leaves secrets out unless it is told --raw, and files unless it is told --flatten. Where it works:",
  command: sh`kubectl config view --raw --flatten --minify > kubeconfig`,
} as const;

const merge = (configs: readonly Kubeconfig[]): Kubeconfig => ({
  files: configs.flatMap((config) => config.files),
  currentContext: configs.find((config) => config.currentContext !== "")?.currentContext ?? "",
  contexts: firstOfEach(configs.flatMap((config) => config.contexts)),
  clusters: firstOfEach(configs.flatMap((config) => config.clusters)),
  users: firstOfEach(configs.flatMap((config) => config.users)),
});

const firstOfEach = <T extends { readonly name: string }>(entries: readonly T[]): readonly T[] => {
  const byName = new Map<string, T>();
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
};
