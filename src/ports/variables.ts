import { UserError } from "./error.ts";
import { sh } from "./shell.ts";
import { headerProblem, isPlaceholder } from "./text.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A variable of the environment that cannot be right. */
export const wrong = (name: string, what: string, why?: string): UserError =>
  new UserError({
    id: "environment.value",
    what: `${name} ${what}.`,
    ...(why === undefined ? {} : { why }),
    remedy: { text: "Correct it, or unset it. This shows what is set:", command: sh`printenv ${name} | cat -A` },
    kind: "input",
  });

/** Those that are set can go into a header or a URL. Throws UserError (exit 2) that names the variable and repeats nothing of it. */
export const assertSendable = (env: Environment, names: readonly string[]): void => {
  for (const name of names) {
    const value = env[name] ?? "";
    const problem = headerProblem(value);
    if (problem !== undefined)
      throw wrong(
        name,
        `cannot be sent: ${problem}`,
        "A value that comes from a file or a Secret often ends in one; printf writes none, echo does.",
      );
    if (isPlaceholder(value)) throw wrong(name, `still holds the placeholder ${value.trim()}`);
  }
};

/**
 * The proxies of an environment, HTTPS_PROXY, HTTP_PROXY and NO_PROXY in either case, as Node's agents take them: without a scheme it is http, as for
 * curl and kubectl. Node itself passes by what it does not understand, and goes out directly. Throws UserError (exit 2) that names the variable.
 */
export const webProxies = (env: Environment): NodeJS.ProcessEnv => {
  const found: NodeJS.ProcessEnv = {};
  for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]) {
    const value = env[name];
    if (value) found[name] = addressOf(name, value.includes("://") ? value : `http://${value}`);
  }
  for (const name of ["NO_PROXY", "no_proxy"]) if (env[name]) found[name] = env[name];
  return found;
};

const addressOf = (name: string, written: string): string => {
  const url = /^\S+$/.test(written) ? URL.parse(written) : null;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw wrong(
      name,
      "is no address of a proxy that downloads, a CA or a DNS provider can be reached through",
      "It must be a host with a port, or begin with http:// or https://.",
    );
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    throw wrong(name, "has a user name or password with a % that must be written as %25");
  }
  return url.href;
};
