import type { Route53, Route53ClientConfig } from "@aws-sdk/client-route-53";
import { textOf } from "../../ports/bounded.ts";
import { UserError } from "../../ports/error.ts";
import { at } from "../../ports/object.ts";
import { type Learn, learnNothing } from "../../ports/secrets.ts";
import { sh } from "../../ports/shell.ts";
import { assertSendable, webProxies, wrong } from "../../ports/variables.ts";
import { boundAnswers } from "./bounded.ts";
import { judged } from "./credentials.ts";
import { partitionOf } from "./partition.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface ClientOptions {
  readonly env: Environment;
  readonly maxAttempts: number;
  /** Told of each try that failed, also of those that are made again. `action`: as IAM calls it. */
  readonly onFailedTry: (action: string, error: unknown) => void;
  /** Told of what the SDK's chain found: keys of files, roles and instances. */
  readonly learn?: Learn;
  /** Told before each try who is asked: `route53.amazonaws.com`, `127.0.0.1:4566`. */
  readonly onAsked?: (host: string) => void;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const checked = (endpoint: string | undefined): string | undefined => {
  // URL.parse drops line ends and blanks, which the SDK would send to another place.
  const url = endpoint && /^\S+$/.test(endpoint) ? URL.parse(endpoint) : undefined;
  if (!endpoint || url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname)))
    return endpoint;
  throw new UserError({
    id: "dns.route53.endpoint",
    what: `The endpoint for Route 53 is no https URL: ${endpoint}`,
    why: "It comes from AWS_ENDPOINT_URL_ROUTE_53 or AWS_ENDPOINT_URL and has to begin with https://, so that no credential is sent for others to read; http:// leads to this machine's own loopback only.",
    remedy: { text: "Correct it, or take it away.", command: sh`unset AWS_ENDPOINT_URL_ROUTE_53 AWS_ENDPOINT_URL` },
    kind: "input",
  });
};

/** As AWS names its regions: they become a part of host names. */
const assertRegion = (env: Environment, names: readonly string[]): void => {
  for (const name of names) {
    const value = env[name];
    if (value && !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(value))
      throw wrong(name, `is no region: ${JSON.stringify(value)}`, "It is written like eu-central-1.");
  }
};

const CONNECT_MS = 5000;
const REQUEST_MS = 20_000;
/** Some ten times the longest list of 300 sets. Reading it stops everything else, as XML is read in one piece. */
const MOST_OF_ANSWER = 4 * 2 ** 20;

/**
 * The SDK reads the process's own environment; what it can be given is given from `env`, so that this is what counts: the
 * endpoint, the profile, a pair of static keys, the proxy. What remains of its chain (shared files, SSO, IRSA, ECS, IMDS) it
 * finds by itself, from the process's environment. The profile wins over the keys, as in the SDK.
 */
const configOf = async (env: Environment): Promise<Route53ClientConfig> => {
  const { AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env;
  assertSendable(env, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"]);
  assertRegion(env, ["AWS_REGION", "AWS_DEFAULT_REGION"]);
  const ignored = env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === "true";
  const endpoint = ignored ? undefined : checked(env.AWS_ENDPOINT_URL_ROUTE_53 || env.AWS_ENDPOINT_URL);
  const keys = { accessKeyId: AWS_ACCESS_KEY_ID ?? "", secretAccessKey: AWS_SECRET_ACCESS_KEY ?? "" };
  return {
    // Route 53 is one for all regions of a partition; a role's profile without a region would fail otherwise.
    region: (await partitionOf(env)).signingRegion,
    ...(endpoint ? { endpoint } : {}),
    ...(AWS_PROFILE ? { profile: AWS_PROFILE } : {}),
    ...(!AWS_PROFILE && keys.accessKeyId && keys.secretAccessKey
      ? { credentials: AWS_SESSION_TOKEN ? { ...keys, sessionToken: AWS_SESSION_TOKEN } : keys }
      : {}),
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true },
      // Verification is set explicitly, because NODE_TLS_REJECT_UNAUTHORIZED decides where it is not.
      httpsAgent: { keepAlive: true, proxyEnv: webProxies(env), rejectUnauthorized: true },
    },
  };
};

/** One client with kept connections. The SDK's own three tries end within about two seconds of throttling. */
export const openClient = async (options: ClientOptions): Promise<Route53> => {
  const { env, maxAttempts, onFailedTry, onAsked, learn = learnNothing } = options;
  const { Route53 } = await import("./sdk.ts");
  await learnFile(env.AWS_WEB_IDENTITY_TOKEN_FILE, learn);
  const client = new Route53({ ...(await configOf(env)), maxAttempts, retryMode: "standard" });
  client.config.credentials = judged(client.config.credentials);
  const bounds = boundAnswers(MOST_OF_ANSWER);
  const destroy = client.destroy.bind(client);
  client.destroy = () => {
    bounds.close();
    destroy();
  };
  client.middlewareStack.add((next) => (args) => bounds.run(() => next(args)), {
    step: "initialize",
    name: "bounded",
  });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const { commandName = "" } = context;
      learnIdentity(at(context, "__smithy_context", "selectedHttpAuthScheme", "identity"), learn);
      const { hostname = "", port } = Object(args.request) as { hostname?: string; port?: number };
      onAsked?.(port === undefined ? hostname : `${hostname}:${port}`);
      try {
        return await next(args);
      } catch (error) {
        onFailedTry(commandName.replace(/^(.*)Command$/, "route53:$1"), error);
        throw error;
      }
    },
    // Added with low priority, inside the SDK's retries, so that each try is seen.
    { step: "finalizeRequest", priority: "low", name: "toldOfTries" },
  );
  return client;
};

/** The one that a request is signed with. */
const learnIdentity = (identity: unknown, learn: Learn): void => {
  for (const field of ["secretAccessKey", "sessionToken"]) {
    const value = at(identity, field);
    if (typeof value === "string") learn(value);
  }
};

/** What the SDK will say of a file that cannot be read is for it to say. */
const learnFile = async (path: string | undefined, learn: Learn): Promise<void> => {
  if (path) learn(await textOf(path).catch(() => undefined));
};
