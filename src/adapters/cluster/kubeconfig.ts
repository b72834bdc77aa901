import { access } from "node:fs/promises";
import { isIPv6 } from "node:net";
import path from "node:path";
import { textOf } from "../../ports/bounded.ts";
import { messageOf, UserError } from "../../ports/error.ts";
import { at, isRecord } from "../../ports/object.ts";
import { fileWord, option, sh } from "../../ports/shell.ts";
import {
  type ClusterEntry,
  type Environment,
  type Kubeconfig,
  readKubeconfig,
  type UserEntry,
} from "./kubeconfig-files.ts";
import { chooseProxy } from "./proxy.ts";
import type { ClusterTarget, Login, Pem, PluginSettings } from "./target.ts";

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
  if (config) return targetOf(config, options);
  const inCluster = await serviceAccountTarget(options);
  if (inCluster) return inCluster;
  throw new UserError({
    id: "kubeconfig.missing",
    what: "no cluster is named: there is no kubeconfig, and this is not a pod with a service account",
    why: "--kubeconfig, KUBECONFIG and ~/.kube/config were tried, in this order.",
    remedy: { text: "Name a kubeconfig, or try everything without a cluster:", command: sh`kn-bootstrap rehearse` },
    exitCode: 2,
  });
};

const targetOf = async (config: Kubeconfig, options: KubeconfigOptions): Promise<ClusterTarget> => {
  const context = chooseContext(config, options.context);
  const cluster = config.clusters.find(({ name }) => name === context.cluster);
  if (!cluster) throw brokenContext(config, context.name, `cluster "${context.cluster}"`);
  const user = context.user ? config.users.find(({ name }) => name === context.user) : undefined;
  if (context.user && !user) throw brokenContext(config, context.name, `user "${context.user}"`);

  const server = serverOf(cluster);
  const ca = await caOf(cluster);
  const login = confidential(user ? loginOf(user, cluster, server, ca, options.env) : {}, cluster, server);
  const proxy = chooseProxy(new URL(server), cluster.proxyUrl, options.env);
  return {
    context: context.name,
    user: login.impersonate?.user ?? user?.name ?? "",
    server,
    tls: {
      insecure: cluster.skipTLSVerify,
      ...(ca === undefined ? {} : { ca }),
      ...(cluster.tlsServerName ? { servername: cluster.tlsServerName } : {}),
    },
    ...(proxy ? { proxy } : {}),
    login,
    warnings: cluster.skipTLSVerify
      ? [
          `The certificate of ${server} is not verified: the kubeconfig says insecure-skip-tls-verify. Anyone in between can read and change everything.`,
        ]
      : [],
  };
};

/** As many as fit on a screen. */
const MOST_NAMED = 50;

const chooseContext = (config: Kubeconfig, wanted: string | undefined): Kubeconfig["contexts"][number] => {
  const names = config.contexts.map(({ name }) => name);
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const listed =
    names.length > 0 ? `It has: ${names.slice(0, MOST_NAMED).join(", ")}${more}.` : "It has no contexts at all.";
  const name = wanted ?? config.currentContext;
  if (name === undefined) {
    throw new UserError({
      id: "kubeconfig.no-context",
      what: `${config.files.join(", ")} does not say which context to use`,
      why: listed,
      remedy: { text: "Choose one:", command: sh`kn-bootstrap … ${option("--context", names[0] ?? "NAME")}` },
      exitCode: 2,
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
    exitCode: 2,
  });
};

const brokenContext = (config: Kubeconfig, context: string, missing: string): UserError =>
  new UserError({
    id: "kubeconfig.broken-context",
    what: `context "${context}" names ${missing}, which ${config.files.join(", ")} does not have`,
    remedy: {
      text: "Correct the context, or choose another one with --context:",
      command: sh`kubectl config get-contexts`,
    },
    exitCode: 2,
  });

const serverOf = (cluster: ClusterEntry): string => {
  const url = URL.canParse(cluster.server) ? new URL(cluster.server) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  throw new UserError({
    id: "kubeconfig.server",
    what: `cluster "${cluster.name}" has the server "${cluster.server}", which is no http:// or https:// address`,
    remedy: {
      text: "Correct it:",
      command: sh`kubectl config set-cluster ${cluster.name} --server=https://HOST:6443`,
    },
    exitCode: 2,
  });
};

/**
 * Credentials go over TLS or not at all. As with kubectl, none are sent to a loopback address without it: that is `kubectl proxy`, which has its own.
 * Source: k8s.io/client-go/tools/clientcmd, which merges a user's part only for IsConfigTransportTLS.
 */
const confidential = (login: Login, cluster: ClusterEntry, server: string): Login => {
  const { protocol, hostname } = new URL(server);
  if (protocol === "https:" || Object.keys(login).length === 0) return login;
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return {};
  throw new UserError({
    id: "kubeconfig.plain-text",
    what: `cluster "${cluster.name}" has the server "${cluster.server}", and its user has credentials`,
    why: "Without TLS they would be sent for everybody on the way to read. Nothing was sent.",
    remedy: {
      text: "Name the server by https, or go through a tunnel to this machine's own loopback:",
      command: sh`kubectl config set-cluster ${cluster.name} --server=${server.replace(/^http:/, "https:")}`,
    },
    exitCode: 2,
  });
};

const caOf = async (cluster: ClusterEntry): Promise<string | undefined> => {
  if (cluster.caData) return decode(cluster.caData);
  if (!cluster.caFile) return undefined;
  try {
    return await textOf(cluster.caFile);
  } catch (error) {
    throw new UserError({
      id: "kubeconfig.unreadable",
      what: `the certificate-authority of cluster "${cluster.name}" cannot be read: ${messageOf(error)}`,
      remedy: {
        text: "Correct the path in the kubeconfig, or restore the file:",
        command: sh`ls -l ${fileWord(cluster.caFile)}`,
      },
      exitCode: 2,
    });
  }
};

const decode = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");

const loginOf = (
  user: UserEntry,
  cluster: ClusterEntry,
  server: string,
  ca: string | undefined,
  env: Environment,
): Login => {
  const { raw, folder } = user;
  const pem = (data: unknown, file: unknown): Pem | undefined =>
    data ? { text: decode(String(data)) } : file ? { file: String(file) } : undefined;
  const certificate = pem(user.certData, user.certFile);
  const key = pem(user.keyData, user.keyFile);
  const groups = strings(raw["as-groups"]);
  const extra = isRecord(raw["as-user-extra"]) ? raw["as-user-extra"] : {};
  if (!raw.as && (raw["as-uid"] || groups.length > 0 || Object.keys(extra).length > 0)) {
    throw new UserError({
      id: "kubeconfig.impersonation",
      what: `user "${user.name}" has as-groups, as-uid or as-user-extra without "as"`,
      why: "A group can only be impersonated together with a user.",
      remedy: { text: "Add the user to impersonate:", command: sh`kubectl config set users.${user.name}.as NAME` },
      exitCode: 2,
    });
  }
  return {
    ...(user.token ? { token: String(user.token) } : {}),
    ...(raw.tokenFile ? { tokenFile: path.resolve(folder, String(raw.tokenFile)) } : {}),
    ...(user.username ? { basic: { username: String(user.username), password: String(user.password ?? "") } } : {}),
    ...(certificate ? { certificate } : {}),
    ...(key ? { key } : {}),
    ...(isRecord(raw.exec) ? { plugin: pluginOf(raw.exec, user, cluster, server, ca, env) } : {}),
    ...(isRecord(raw["auth-provider"]) ? { provider: raw["auth-provider"] } : {}),
    ...(raw.as
      ? {
          impersonate: {
            user: String(raw.as),
            ...(raw["as-uid"] ? { uid: String(raw["as-uid"]) } : {}),
            groups,
            extra: Object.fromEntries(Object.entries(extra).map(([name, values]) => [name, strings(values)])),
          },
        }
      : {}),
  };
};

const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

const pluginOf = (
  exec: Record<string, unknown>,
  user: UserEntry,
  cluster: ClusterEntry,
  server: string,
  ca: string | undefined,
  env: Environment,
): PluginSettings => {
  const command = String(exec.command ?? "");
  const mode = exec.interactiveMode;
  const added = Array.isArray(exec.env)
    ? exec.env.map((entry) => [String(at(entry, "name")), String(at(entry, "value"))])
    : [];
  const extensions = cluster.raw.extensions;
  const extension = Array.isArray(extensions)
    ? extensions.find((entry) => at(entry, "name") === "client.authentication.k8s.io/exec")
    : undefined;
  return {
    command: /[\\/]/.test(command) ? path.resolve(user.folder, command) : command,
    args: strings(exec.args),
    env: { ...env, ...Object.fromEntries(added) },
    apiVersion: String(exec.apiVersion ?? ""),
    interactiveMode: mode === "Never" || mode === "Always" ? mode : "IfAvailable",
    ...(exec.installHint ? { installHint: String(exec.installHint) } : {}),
    ...(exec.provideClusterInfo === true
      ? {
          cluster: {
            server,
            ...(cluster.tlsServerName ? { "tls-server-name": cluster.tlsServerName } : {}),
            ...(cluster.skipTLSVerify ? { "insecure-skip-tls-verify": true } : {}),
            ...(ca ? { "certificate-authority-data": Buffer.from(ca).toString("base64") } : {}),
            ...(cluster.proxyUrl ? { "proxy-url": cluster.proxyUrl } : {}),
            ...(extension ? { config: at(extension, "extension") } : {}),
          },
        }
      : {}),
  };
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
