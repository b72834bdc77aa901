import { access } from "node:fs/promises";
import { isIPv6 } from "node:net";
import path from "node:path";
import { textOf } from "../../ports/bounded.ts";
import { UserError } from "../../ports/error.ts";
import { option, sh } from "../../ports/shell.ts";
import { reachOf } from "./kubeconfig-cluster.ts";
import {
  type ClusterEntry,
  type Environment,
  type Kubeconfig,
  readKubeconfig,
  type UserEntry,
} from "./kubeconfig-files.ts";
import { loginOf } from "./kubeconfig-user.ts";
import { chooseProxy } from "./proxy.ts";
import type { ClusterTarget } from "./target.ts";

export interface KubeconfigOptions {
  /** `--kubeconfig`: this file and no other. */
  readonly path?: string;
  /** `--context` */
  readonly context?: string;
  readonly env: Environment;
  /** Where a pod finds its service account; default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccount?: string;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds the cluster to talk to as kubectl does: the given file, KUBECONFIG, ~/.kube/config, the service account of a pod.
 * Errors: {@link UserError} `kubeconfig.*`, exit code 2. Runs no credential plugin and opens no connection.
 */
export const loadKubeconfig = async (options: KubeconfigOptions): Promise<ClusterTarget> => {
  const config = await readKubeconfig(options.path, options.env);
  // In a pod with a service account, an empty kubeconfig counts as none.
  const saysNothing = !config || [...config.contexts, ...config.clusters, ...config.users].length === 0;
  const inCluster = saysNothing && !options.path ? await serviceAccountTarget(options) : undefined;
  if (inCluster) return inCluster;
  if (config) return targetOf(config, options);
  throw new UserError({
    id: "kubeconfig.missing",
    what: "no cluster is named: there is no kubeconfig, and this is not a pod with a service account",
    why: "--kubeconfig, KUBECONFIG and ~/.kube/config were tried, in this order.",
    remedy: { text: "Name a kubeconfig, or try everything without a cluster:", command: sh`kn-bootstrap rehearse` },
    kind: "input",
  });
};

const targetOf = async (config: Kubeconfig, options: KubeconfigOptions): Promise<ClusterTarget> => {
  const context = chooseContext(config, options.context);
  if (context.cluster === "") throw brokenContext(config, context.name, "no cluster");
  const cluster = config.clusters.find(({ name }) => name === context.cluster);
  if (!cluster) throw brokenContext(config, context.name, `cluster "${context.cluster}"`);
  const user = context.user ? config.users.find(({ name }) => name === context.user) : undefined;
  if (context.user && !user) throw brokenContext(config, context.name, `user "${context.user}"`);
  const reach = await reachOf(cluster, options.env);
  const login = user && mayLogIn(user, cluster, reach.server) ? await loginOf(user, cluster, reach, options.env) : {};
  return {
    context: context.name,
    user: login.impersonate?.user ?? user?.name ?? "",
    ...reach,
    login,
  };
};

/** As many as fit on a screen. */
const MOST_NAMED = 50;

const chooseContext = (config: Kubeconfig, wanted: string | undefined): Kubeconfig["contexts"][number] => {
  const names = config.contexts.map(({ name }) => name);
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const listed =
    names.length > 0 ? `It has: ${names.slice(0, MOST_NAMED).join(", ")}${more}.` : "It has no contexts at all.";
  const name = wanted || config.currentContext;
  if (name === "") {
    throw new UserError({
      id: "kubeconfig.no-context",
      what: `${config.files.join(", ")} does not say which context to use`,
      why: listed,
      remedy: { text: "Choose one:", command: sh`kn-bootstrap … ${option("--context", names[0] ?? "NAME")}` },
      kind: "input",
    });
  }
  const context = config.contexts.find((candidate) => candidate.name === name);
  if (context) return context;
  const near = closest(name, names);
  throw new UserError({
    id: "kubeconfig.unknown-context",
    what: `${config.files.join(", ")} has no context "${name}"${near ? `, did you mean "${near}"?` : ""}`,
    why: listed,
    remedy: {
      text: "Choose one of them:",
      command: sh`kn-bootstrap … ${option("--context", near ?? names[0] ?? "NAME")}`,
    },
    kind: "input",
  });
};

const brokenContext = (config: Kubeconfig, context: string, missing: string): UserError =>
  new UserError({
    id: "kubeconfig.broken-context",
    what: `context "${context}" names ${missing === "no cluster" ? missing : `${missing}, which ${config.files.join(", ")} does not have`}`,
    remedy: {
      text: "Correct the context, or choose another one with --context:",
      command: sh`kubectl config get-contexts`,
    },
    kind: "input",
  });

/**
 * Credentials go over TLS or not at all. As with kubectl, none are sent to a loopback address without it: that is `kubectl proxy`, which has its own.
 * Source: k8s.io/client-go/tools/clientcmd, which merges a user's part only for IsConfigTransportTLS.
 */
const mayLogIn = (user: UserEntry, cluster: ClusterEntry, server: string): boolean => {
  const { protocol, hostname } = new URL(server);
  if (protocol === "https:") return true;
  const { token, tokenFile, username, password, exec, as } = user;
  const given = [token, tokenFile, username, password, exec, as, user["auth-provider"]];
  const certificate = [user["client-certificate"], user["client-certificate-data"]];
  if (![...given, ...certificate].some(Boolean) || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return false;
  throw new UserError({
    id: "kubeconfig.plain-text",
    what: `cluster "${cluster.name}" has the server "${cluster.server}", and its user has credentials`,
    why: "Without TLS they would be sent for everybody on the way to read. Nothing was sent.",
    remedy: {
      text: "Name the server by https, or go through a tunnel to this machine's own loopback:",
      command: sh`kubectl config set-cluster ${cluster.name} --server=${server.replace(/^http:/, "https:")}`,
    },
    kind: "input",
  });
};

const serviceAccountTarget = async ({
  env,
  serviceAccount = SERVICE_ACCOUNT,
}: KubeconfigOptions): Promise<ClusterTarget | undefined> => {
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  const tokenFile = path.join(serviceAccount, "token");
  if (!host || !port) return undefined;
  if (
    !(await access(tokenFile).then(
      () => true,
      () => false,
    ))
  )
    return undefined;
  const ca = await textOf(path.join(serviceAccount, "ca.crt")).catch(() => undefined);
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (!/^[\w.:-]+$/.test(host) || !/^\d{1,5}$/.test(port) || !URL.canParse(server))
    throw new UserError({
      id: "environment.value",
      what: `KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address: ${JSON.stringify(`${host}:${port}`)}`,
      why: "Kubernetes sets both in every pod; somebody else set them here.",
      remedy: {
        text: "Unset them, or name a kubeconfig:",
        command: sh`unset KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT`,
      },
      kind: "input",
    });
  const proxy = chooseProxy(new URL(server), undefined, env);
  return {
    context: "in-cluster",
    user: "service account of the pod",
    server,
    tls: { insecure: false, ...(ca === undefined ? {} : { ca }) },
    ...(proxy ? { proxy } : {}),
    login: { tokenFile },
    warnings: [],
  };
};

/** The name that is at most a third of its letters away, if any. */
const closest = (word: string, names: readonly string[]): string | undefined => {
  const ranked = names
    .filter((name) => Math.abs(name.length - word.length) <= word.length / 3 + 2 && word.length <= MOST_COMPARED)
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(word.length / 3)) ? best.name : undefined;
};

/** Comparing takes the product of both lengths, and nobody errs in names that long. */
const MOST_COMPARED = 200;

const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries()) {
      next.push(Math.min((row[j] ?? 0) + (left === right ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};
