import path from "node:path";
// Its main module brings all requests that it could make: a megabyte of code and a tenth of a second.
import { newClusters, newContexts, newUsers } from "@kubernetes/client-node/dist/config_types.js";
import { textOf } from "../../ports/bounded.ts";
import { messageOf, UserError } from "../../ports/error.ts";
import { at } from "../../ports/object.ts";
import { fileWord, sh } from "../../ports/shell.ts";
import { treeOf } from "../../ports/tree.ts";
import { shaped } from "./kubeconfig-shape.ts";

/** Thousands of clusters, with all their certificates. */
const MOST = 16 * 2 ** 20;
const MOST_NODES = 200_000;

export type Environment = Readonly<Record<string, string | undefined>>;

interface Named {
  readonly name: string;
}

/** The entries of one kubeconfig, or of several merged: client-node's view of each entry and, as `raw`, what was written. */
export interface Kubeconfig {
  /** The files it came from, for messages. */
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly contexts: readonly ContextEntry[];
  readonly clusters: readonly ClusterEntry[];
  readonly users: readonly UserEntry[];
}

export interface ContextEntry extends Named {
  readonly cluster: string;
  readonly user?: string | undefined;
}

export interface ClusterEntry extends Named {
  readonly server: string;
  readonly caData?: string;
  readonly caFile?: string;
  readonly skipTLSVerify: boolean;
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  readonly raw: Record<string, unknown>;
}

export interface UserEntry extends Named {
  readonly certData?: string | null;
  readonly certFile?: string | null;
  readonly keyData?: string | null;
  readonly keyFile?: string | null;
  readonly token?: string | null;
  readonly username?: string | null;
  readonly password?: string | null;
  readonly impersonateUser?: string | null;
  readonly raw: Record<string, unknown>;
  /** The folder that relative paths start from. */
  readonly folder: string;
}

/**
 * Reads what kubectl would read: the given file, else the list in KUBECONFIG, else ~/.kube/config. Of entries with the same
 * name the first wins, files of the list that do not exist are ignored. Undefined: there is no kubeconfig.
 * Source: k8s.io/client-go/tools/clientcmd/loader.go.
 */
export const readKubeconfig = async (given: string | undefined, env: Environment): Promise<Kubeconfig | undefined> => {
  const list = given ? [given] : (env.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  const home = env.HOME || env.USERPROFILE;
  const files = list.length > 0 ? [...new Set(list)] : home ? [path.join(home, ".kube", "config")] : [];
  const configs: Kubeconfig[] = [];
  for (const file of files) {
    const text = await readText(file);
    if (text !== undefined) configs.push(await parse(text, file));
  }
  if (configs.length > 0) return merge(configs);
  if (list.length === 0) return undefined;
  throw new UserError({
    id: "kubeconfig.missing",
    what: given
      ? `the kubeconfig ${given} does not exist`
      : `KUBECONFIG names ${list.join(", ")}, and no such file exists`,
    remedy: {
      text: "Name a kubeconfig that kubectl can use; this shows what kubectl has:",
      command: sh`kubectl config get-contexts`,
    },
    exitCode: 2,
  });
};

const readText = async (file: string): Promise<string | undefined> => {
  try {
    return await textOf(file, MOST);
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
      exitCode: 2,
    });
  }
};

const parse = async (text: string, file: string): Promise<Kubeconfig> => {
  const { loadAll } = await import("js-yaml");
  const folder = path.resolve(path.dirname(file));
  try {
    // An empty file is an empty kubeconfig to kubectl.
    const { currentContext, ...entries } = shaped(treeOf(loadAll(text)[0] ?? {}, MOST_NODES));
    const raw = {
      clusters: entries.clusters.map(({ name, value }) => ({ name, cluster: value })),
      contexts: entries.contexts.map(({ name, value }) => ({ name, context: value })),
      // A field of client-node alone, which reads the file at once.
      users: entries.users.map(({ name, value: { "token-file": _, ...user } }) => ({ name, user })),
    };
    const [clusters, users] = [newClusters(raw.clusters), newUsers(raw.users)];
    for (const entry of clusters) if (entry.caFile) entry.caFile = path.resolve(folder, entry.caFile);
    for (const entry of users)
      for (const field of ["certFile", "keyFile"] as const)
        if (entry[field]) entry[field] = path.resolve(folder, entry[field]);
    return {
      files: [file],
      currentContext,
      contexts: newContexts(raw.contexts),
      clusters: clusters.map((entry, index) => ({ ...entry, raw: entries.clusters[index]?.value ?? {} })),
      users: users.map((entry, index) => ({ ...entry, raw: entries.users[index]?.value ?? {}, folder })),
    };
  } catch (error) {
    throw new UserError({
      id: "kubeconfig.malformed",
      what: `the kubeconfig ${file} cannot be understood: ${firstLine(messageOf(error))}`,
      remedy: {
        text: "Correct it, or write it again with your provider's tool. kubectl shows what it understands:",
        command: sh`kubectl --kubeconfig ${fileWord(file)} config view`,
      },
      exitCode: 2,
    });
  }
};

/** A YAML error goes on with an excerpt of the file, which may hold a token. */
const firstLine = (message: string): string => message.split("\n")[0] ?? "";

const merge = (configs: readonly Kubeconfig[]): Kubeconfig => ({
  files: configs.flatMap((config) => config.files),
  currentContext: configs.find((config) => config.currentContext)?.currentContext,
  contexts: firstOfEach(configs.flatMap((config) => config.contexts)),
  clusters: firstOfEach(configs.flatMap((config) => config.clusters)),
  users: firstOfEach(configs.flatMap((config) => config.users)),
});

const firstOfEach = <T extends Named>(entries: readonly T[]): readonly T[] => {
  const byName = new Map<string, T>();
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
};
