import { validateHeaderValue } from "node:http";
import { textOf } from "../../ports/bounded.ts";
import { messageOf, UserError } from "../../ports/error.ts";
import type { Learn } from "../../ports/secrets.ts";
import { fileWord, sh } from "../../ports/shell.ts";
import { asHeader } from "../../ports/text.ts";
import { type PluginCredential, runPlugin } from "./exec.ts";
import type { Login, Pem } from "./target.ts";
import type { Timing } from "./timing.ts";

/** What a request carries to say who it is. */
export interface Credential {
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** PEM */
  readonly cert?: string;
  /** PEM */
  readonly key?: string;
}

/**
 * The credential to use now. With `refused`, the one that was answered with 401: gives a newer one if there is any, else the
 * same again. Errors: {@link UserError}.
 */
export type Credentials = (refused?: Credential) => Promise<Credential>;

interface Tools {
  readonly timing: Timing;
  /** stdin is a terminal that a plugin may use. */
  readonly interactive: boolean;
  /** Ends a running plugin. */
  readonly signal: AbortSignal;
  /** Ends one that runs at that moment; what is asked for afterwards may need one still. */
  readonly interrupted?: AbortSignal | undefined;
  /** Told while a plugin runs for long. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  readonly learn: Learn;
}

/**
 * Files are read for every request, since whoever renews them does not tell. What is sent when a login has several parts follows
 * kubectl: token file before token before plugin, a client certificate beside any of them.
 */
export const createCredentials = (login: Login, tools: Tools): Credentials => {
  const plugin = login.plugin && !login.token && !login.tokenFile ? cachedPlugin(login.plugin, tools) : undefined;
  const provider = login.provider ? providerToken(login.provider) : undefined;
  const token = login.tokenFile ? lastGood(login.tokenFile, login.token) : undefined;
  const impersonation = impersonationHeaders(login.impersonate);

  return async (refused) => {
    const given = await plugin?.(refused);
    const bearer = (await token?.()) ?? login.token ?? given?.token ?? (await provider?.());
    const cert = given?.certificate ?? (await content(login.certificate));
    const key = given?.key ?? (await content(login.key));
    tools.learn(bearer, key);
    const headers = {
      ...(bearer
        ? { authorization: `Bearer ${asHeader(bearer)}` }
        : login.basic
          ? { authorization: basic(login.basic) }
          : {}),
      ...impersonation,
    };
    for (const [name, values] of Object.entries(headers)) assertSendable(name, [values].flat());
    return {
      headers,
      ...(cert && key ? { cert, key } : {}),
    };
  };
};

/** Most characters of a header: servers take some 16 KiB of all of them, Kubernetes 1 MiB. */
const MOST_OF_HEADER = 2 ** 19;

const assertSendable = (name: string, values: readonly string[]): void => {
  try {
    for (const value of values) validateHeaderValue(name, value);
    if (values.join("").length <= MOST_OF_HEADER) return;
  } catch {
    // The error does not repeat the value, which may be a secret.
  }
  throw new UserError({
    id: "kubeconfig.header",
    what: `the kubeconfig's credentials cannot be sent: the value for the header ${name} is ${values.join("").length > MOST_OF_HEADER ? "too long" : "no single line of text"}`,
    remedy: {
      text: "Correct the token or the name in the kubeconfig; kubectl shows it:",
      command: sh`kubectl config view`,
    },
    kind: "input",
  });
};

/** Source: k8s.io/client-go/transport, impersonatingRoundTripper. */
const impersonationHeaders = (impersonate: Login["impersonate"]): Credential["headers"] => {
  if (!impersonate) return {};
  const extra = Object.entries(impersonate.extra).map(([name, values]) => [
    `impersonate-extra-${escaped(name.toLowerCase())}`,
    values.map(asHeader),
  ]);
  return {
    "impersonate-user": asHeader(impersonate.user),
    ...(impersonate.uid ? { "impersonate-uid": asHeader(impersonate.uid) } : {}),
    ...(impersonate.groups.length > 0 ? { "impersonate-group": impersonate.groups.map(asHeader) } : {}),
    ...Object.fromEntries(extra),
  };
};

/** Parentheses are no letters of a header's name (RFC 9110 section 5.6.2), though they may stand in a URL. */
const escaped = (name: string): string =>
  encodeURIComponent(name).replace(/[()]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);

const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

const content = async (pem: Pem | undefined): Promise<string | undefined> => {
  if (!pem) return undefined;
  return "text" in pem ? pem.text : textOf(pem.file).catch((error: unknown) => unreadable(pem.file, error));
};

/** A token file that cannot be read for a moment, while it is replaced, leaves the last token in use. */
const lastGood = (file: string, first: string | undefined): (() => Promise<string>) => {
  let last = first;
  return async () => {
    try {
      last = (await textOf(file)).trim() || last;
    } catch (error) {
      if (last === undefined) unreadable(file, error);
    }
    return last ?? "";
  };
};

const unreadable = (file: string, error: unknown): never => {
  throw new UserError({
    id: "kubeconfig.unreadable",
    what: `the kubeconfig's credentials in ${file} cannot be read: ${messageOf(error)}`,
    remedy: {
      text: "Restore the file, or correct the kubeconfig. This shows what stands there:",
      command: sh`ls -l ${fileWord(file)}`,
    },
    kind: "input",
  });
};

/** The plugin runs once for all who ask at the same time, again before its credential expires, and again after a 401. */
const cachedPlugin = (settings: NonNullable<Login["plugin"]>, { timing, signal, interrupted, ...options }: Tools) => {
  let cached: { credential: PluginCredential; renewAt: number } | undefined;
  let running: Promise<PluginCredential> | undefined;
  const run = async (): Promise<PluginCredential> => {
    try {
      const started = timing.now();
      const ends = interrupted && !interrupted.aborted ? AbortSignal.any([signal, interrupted]) : signal;
      const credential = await runPlugin(settings, { ...options, signal: ends });
      const lifetime = (credential.expires ?? Number.POSITIVE_INFINITY) - started;
      cached = { credential, renewAt: started + lifetime - Math.min(60_000, lifetime / 10) };
      return credential;
    } finally {
      running = undefined;
    }
  };
  return async (refused: Credential | undefined): Promise<PluginCredential> => {
    const stale = cached !== undefined && (timing.now() >= cached.renewAt || wasRefused(cached.credential, refused));
    if (cached && !stale) return cached.credential;
    running ??= run();
    return running;
  };
};

const wasRefused = (credential: PluginCredential, refused: Credential | undefined): boolean =>
  refused !== undefined &&
  (credential.token === undefined || refused.headers.authorization === `Bearer ${asHeader(credential.token)}`) &&
  (credential.certificate === undefined || refused.cert === credential.certificate);

/** OIDC and the two retired cloud providers stay client-node's business; it keeps the token and refreshes it when it expires. */
const providerToken = (provider: Readonly<Record<string, unknown>>): (() => Promise<string | undefined>) => {
  let config: Promise<{ applyToHTTPSOptions: (options: { headers?: unknown }) => Promise<void> }> | undefined;
  let running: Promise<string | undefined> | undefined;
  const load = async () => {
    const { KubeConfig } = await import("./client-node.ts");
    const kubeconfig = new KubeConfig();
    const cluster = { name: "cluster", server: "https://localhost", skipTLSVerify: false };
    kubeconfig.loadFromClusterAndUser(cluster, { name: "user", authProvider: provider });
    return kubeconfig;
  };
  const ask = async (): Promise<string | undefined> => {
    try {
      const options: { headers: Record<string, string> } = { headers: {} };
      config ??= load();
      await (await config).applyToHTTPSOptions(options);
      return options.headers.Authorization?.replace(/^Bearer /, "");
    } catch (error) {
      throw new UserError({
        id: "kubeconfig.provider",
        what: `the auth-provider "${String(provider.name)}" of the kubeconfig gave no credentials: ${messageOf(error)}`,
        remedy: {
          text: "Log in again with your provider's tool, then see that kubectl works:",
          command: sh`kubectl version`,
        },
        kind: "failed",
      });
    } finally {
      running = undefined;
    }
  };
  return () => {
    running ??= ask();
    return running;
  };
};
