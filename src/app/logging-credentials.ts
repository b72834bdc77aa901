import { pemProblem } from "../certificates/pem.ts";
import type { Config } from "../config/config.ts";
import { textOf } from "../ports/bounded.ts";
import { messageOf } from "../ports/error.ts";
import { type Learn, learnNothing } from "../ports/secrets.ts";
import { assertSendable, wrong } from "../ports/variables.ts";
import type { OutputCredentials } from "../steps/logging/credentials.ts";

/** Their plugins of Fluent Bit know no other header (plugins/out_es/es.c, plugins/out_opensearch/opensearch.c). */
const BASIC = ["elasticsearch", "opensearch"];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What an output of logs is shown: by environment only, passwords and tokens also from files, as they are secrets. Undefined: none is set, and
 * what the cluster keeps stays. Throws UserError (exit 2) for half of it and for a file that cannot be read.
 */
export const loggingCredentials = async (
  { logging, loggingOutput }: Pick<Config, "logging" | "loggingOutput">,
  env: Environment,
  learn: Learn = learnNothing,
): Promise<OutputCredentials | undefined> => {
  if (logging !== "fluent-bit") return undefined;
  const username = env.LOGGING_USERNAME;
  const [password, token, ca] = await Promise.all([
    secret(env, "LOGGING_PASSWORD"),
    secret(env, "LOGGING_TOKEN"),
    env.LOGGING_CA_FILE ? fileOf("LOGGING_CA_FILE", env.LOGGING_CA_FILE) : undefined,
  ]);
  learn(password, token);
  assertSendable({ ...env, LOGGING_PASSWORD: password, LOGGING_TOKEN: token }, [
    "LOGGING_USERNAME",
    "LOGGING_PASSWORD",
    "LOGGING_TOKEN",
  ]);
  if (password && token) throw wrong("LOGGING_TOKEN", "is set beside LOGGING_PASSWORD", "An output takes one of them.");
  if (token && BASIC.some((output) => output === loggingOutput))
    throw wrong(
      "LOGGING_TOKEN",
      `cannot be shown to --logging-output ${loggingOutput}`,
      "Fluent Bit shows it a user name and a password: set LOGGING_USERNAME and LOGGING_PASSWORD.",
    );
  if ((username === undefined || username === "") !== (password === undefined))
    throw wrong(password === undefined ? "LOGGING_PASSWORD" : "LOGGING_USERNAME", "is not set", "They go together.");
  const problem = ca === undefined ? undefined : pemProblem(ca);
  if (problem !== undefined) throw wrong("LOGGING_CA_FILE", `names a file that is no use: ${problem}`);
  if (!password && !token && !ca) return undefined;
  return {
    ...(username && password ? { username, password } : {}),
    ...(token ? { token } : {}),
    ...(ca ? { "ca.crt": ca } : {}),
  };
};

const secret = async (env: Environment, name: string): Promise<string | undefined> => {
  const [given, path] = [env[name], env[`${name}_FILE`]];
  if (given && path) throw wrong(name, `is set beside ${name}_FILE`, "They may differ.");
  const text = path ? (await fileOf(`${name}_FILE`, path)).trim() : given;
  return text || undefined;
};

const fileOf = (name: string, path: string): Promise<string> =>
  textOf(path).catch((error: unknown) => {
    throw wrong(name, `names a file that cannot be read: ${messageOf(error)}`);
  });
