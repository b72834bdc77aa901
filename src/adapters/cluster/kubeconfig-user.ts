import path from "node:path";
import { at } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { headerProblem } from "../../ports/text.ts";
import { contentOf, type Entry, fieldOf, placeOf, refusePlaceholder, wrong } from "./kubeconfig-entry.ts";
import type { ClusterEntry, Environment, UserEntry } from "./kubeconfig-files.ts";
import type { ExecFields } from "./kubeconfig-shape.ts";
import { pairProblem } from "./pem.ts";
import type { ClusterTarget, Login, PluginSettings } from "./target.ts";

type Reach = Pick<ClusterTarget, "server" | "tls">;

/** How a user logs in. Errors: UserError `kubeconfig.*`, as kubectl refuses it, and before a request could. Source: k8s.io/client-go/tools/clientcmd/validation.go. */
export const loginOf = async (
  user: UserEntry,
  cluster: ClusterEntry,
  reach: Reach,
  env: Environment,
): Promise<Login> => {
  const entry: Entry = { kind: "user", name: user.name, folder: user.folder };
  const { token, username, password, exec } = user;
  if (token !== "" && (username !== "" || password !== ""))
    throw wrong(entry, "kubeconfig.both", "it has a token, and a username or password; kubectl takes one");
  for (const field of ["token", "password"] as const) refusePlaceholder(entry, field, user[field]);
  const provider = user["auth-provider"];
  return {
    ...(token === "" ? {} : { token: sendable(entry, "token", token) }),
    ...(await tokenFileOf(entry, user)),
    ...(username || password ? { basic: { username, password } } : {}),
    ...(await certificateOf(entry, user)),
    ...(exec ? { plugin: pluginOf(entry, user, exec, cluster, reach, env) } : {}),
    ...(provider ? { provider } : {}),
    ...impersonationOf(entry, user),
  };
};

const sendable = (entry: Entry, field: string, value: string): string => {
  const problem = headerProblem(value);
  if (problem === undefined) return value;
  throw wrong(entry, "kubeconfig.header", `${field} cannot be sent: ${problem}`, {
    text: "Write it on one line; a block that begins with | ends in a line end, one with |- does not. kubectl shows where it stands:",
    command: sh`kubectl config view --raw`,
  });
};

/** A file that is unreadable now is no trouble while there is a token beside it. */
const tokenFileOf = async (entry: Entry, { tokenFile, token }: UserEntry): Promise<Pick<Login, "tokenFile">> => {
  if (tokenFile === "") return {};
  const file = path.resolve(entry.folder, tokenFile);
  const read = contentOf(entry, "tokenFile", { file });
  const content = (token === "" ? await read : await read.catch(() => "")).trim();
  if (content === "" && token === "") throw wrong(entry, "kubeconfig.token", `tokenFile names ${file}, which is empty`);
  sendable(entry, `tokenFile ${file}`, content);
  return { tokenFile: file };
};

const certificateOf = async (entry: Entry, user: UserEntry): Promise<Pick<Login, "certificate" | "key">> => {
  const certificate = placeOf(entry, "client-certificate", user["client-certificate"], user["client-certificate-data"]);
  if (!certificate) return {};
  const key = placeOf(entry, "client-key", user["client-key"], user["client-key-data"]);
  if (!key)
    throw wrong(
      entry,
      "kubeconfig.certificate",
      "it has a client-certificate and neither client-key nor client-key-data",
    );
  const [mine, secret] = [
    await contentOf(entry, "client-certificate", certificate),
    await contentOf(entry, "client-key", key),
  ];
  const problem = pairProblem(mine, secret);
  if (!problem) return { certificate, key };
  const field = problem.in === "key" ? fieldOf("client-key", key) : fieldOf("client-certificate", certificate);
  throw wrong(entry, "kubeconfig.certificate", `${field} ${problem.why}`);
};

const impersonationOf = (entry: Entry, user: UserEntry): Pick<Login, "impersonate"> => {
  const extra = user["as-user-extra"];
  if (user.as === "") {
    if (user["as-uid"] === "" && user["as-groups"].length === 0 && Object.keys(extra).length === 0) return {};
    throw wrong(entry, "kubeconfig.impersonation", 'it has as-groups, as-uid or as-user-extra without "as"', {
      text: "A group can only be impersonated together with a user. Add the user to impersonate:",
      command: sh`kubectl config set users.${user.name}.as NAME`,
    });
  }
  for (const [field, values] of [
    ["as", [user.as]],
    ["as-uid", [user["as-uid"]]],
    ["as-groups", user["as-groups"]],
    ["as-user-extra", Object.values(extra).flat()],
  ] as const)
    for (const value of values) sendable(entry, field, value);
  return {
    impersonate: {
      user: user.as,
      ...(user["as-uid"] === "" ? {} : { uid: user["as-uid"] }),
      groups: user["as-groups"],
      extra,
    },
  };
};

const VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
const MODES = ["Never", "IfAvailable", "Always"] as const;

const pluginOf = (
  entry: Entry,
  user: UserEntry,
  exec: ExecFields,
  cluster: ClusterEntry,
  { server, tls }: Reach,
  env: Environment,
): PluginSettings => {
  const { command, apiVersion, args, installHint } = exec;
  const mode = MODES.find((known) => known === exec.interactiveMode);
  const isOlder = apiVersion === VERSIONS[1];
  const why = user["auth-provider"]
    ? "it has an exec and an auth-provider; kubectl takes one"
    : command === ""
      ? "exec has no command"
      : !VERSIONS.includes(apiVersion)
        ? `exec ${apiVersion === "" ? "has no apiVersion" : `has the apiVersion ${apiVersion}, which no kubectl of today knows`}`
        : exec.env.some(({ name }) => name === "")
          ? "exec has a variable without a name in env"
          : mode === undefined && (exec.interactiveMode !== "" || !isOlder)
            ? exec.interactiveMode === ""
              ? `exec has no interactiveMode: ${MODES.join(", ")}`
              : `exec has the interactiveMode ${exec.interactiveMode}, which is none of ${MODES.join(", ")}`
            : undefined;
  if (why !== undefined)
    throw wrong(entry, "kubeconfig.exec", why, {
      text: "Write the kubeconfig again with a newer version of your provider's tool; then see that kubectl works:",
      command: sh`kubectl version`,
    });
  return {
    command: /[\\/]/.test(command) ? path.resolve(entry.folder, command) : command,
    args,
    env: { ...env, ...Object.fromEntries(exec.env.map(({ name, value }) => [name, value])) },
    apiVersion,
    interactiveMode: mode ?? "IfAvailable",
    ...(installHint ? { installHint } : {}),
    ...(exec.provideClusterInfo ? { cluster: infoOf(cluster, server, tls.ca) } : {}),
  };
};

/** `spec.cluster` of an ExecCredential. */
const infoOf = (cluster: ClusterEntry, server: string, ca: string | undefined): PluginSettings["cluster"] & object => {
  const extension = cluster.extensions.find((one) => at(one, "name") === "client.authentication.k8s.io/exec");
  return {
    server,
    ...(cluster["tls-server-name"] ? { "tls-server-name": cluster["tls-server-name"] } : {}),
    ...(cluster["insecure-skip-tls-verify"] ? { "insecure-skip-tls-verify": true } : {}),
    ...(ca ? { "certificate-authority-data": Buffer.from(ca).toString("base64") } : {}),
    ...(cluster["proxy-url"] ? { "proxy-url": cluster["proxy-url"] } : {}),
    ...(extension ? { config: extension.extension } : {}),
  };
};
