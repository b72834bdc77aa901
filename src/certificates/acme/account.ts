import { generateKeyPairSync } from "node:crypto";
import { type Account, type Authority, AuthorityError } from "../../ports/authority.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { UserError } from "../../ports/error.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { opaque, secretRef, shortHash, textOf } from "./secrets.ts";
import type { AcmeIssuerOptions, AcmeTools } from "./types.ts";

/** Where the account for a directory is kept: one for each cluster and directory (rule 24). */
export const accountRef = (directory: string): ObjectRef => secretRef(`acme-account-${shortHash(directory)}`);

const KEY = "account.key";
const URL_KEY = "account.url";
/** Holds the new key during a key change: it is stored before the CA hears of it and becomes the account's key once the CA has answered. */
const NEXT_KEY = "account.key.next";
const DIRECTORY = "directory";
/** Names the cluster that made the account, so that a copy of the Secret in another cluster is not used. */
const CLUSTER = "kn-bootstrap/cluster-uid";
/** Label of account Secrets, by which all of them can be found. */
const LABEL = { "kn-bootstrap/acme": "account" };

export interface OpenAccount {
  readonly url: string;
  readonly account: Account;
}

/**
 * The account of this cluster, made when there is none. Its key is stored before the CA hears of it, its URL as soon as it is known
 * (rule 23); a run that is killed in between finds the same account by its key.
 */
export const openAccount = async (options: AcmeIssuerOptions, tools: AcmeTools): Promise<OpenAccount> => {
  const { authority, settings, clusterUid } = options;
  const kept = await tools.cluster.get(accountRef(authority.url));
  const isOurs = kept?.metadata.annotations?.[CLUSTER] === clusterUid;
  const oldKey = isOurs ? textOf(kept, KEY) : undefined;
  const oldUrl = isOurs ? textOf(kept, URL_KEY) : undefined;
  if (oldKey && oldUrl) return { url: oldUrl, account: authority.account(oldKey, oldUrl) };
  await assertExternal(authority, settings.external !== undefined, tools.signal);
  const key = oldKey ?? newKey();
  const secret = (url?: string): KubeObject =>
    opaque(
      accountRef(authority.url).name,
      { [KEY]: key, [URL_KEY]: url, [DIRECTORY]: authority.url },
      { labels: LABEL, annotations: { [CLUSTER]: clusterUid } },
    );
  if (!oldKey) await tools.store(secret());
  const { email, external } = settings;
  const url = await authority.register(
    key,
    { ...(email ? { email } : {}), ...(external ? { external } : {}) },
    tools.signal,
  );
  await tools.store(secret(url));
  return { url, account: authority.account(key, url) };
};

/** Account keys are ECDSA P-256, PKCS #8. */
const newKey = (): string =>
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();

/**
 * Runs with the account; when the CA does not know it any more or it was deactivated, forgets it and runs once more with a new one.
 */
export const withAccount = async <T>(
  options: AcmeIssuerOptions,
  tools: AcmeTools,
  work: (opened: OpenAccount) => Promise<T>,
): Promise<T> => {
  try {
    return await work(await openAccount(options, tools));
  } catch (error) {
    if (!isGone(error)) throw error;
    await tools.forget(accountRef(options.authority.url));
    return work(await openAccount(options, tools));
  }
};

/** RFC 8555 §7.3.6 answers a deactivated account with `unauthorized`, which means other things too: the words have to tell. */
const isGone = (error: unknown): boolean => {
  if (!(error instanceof AuthorityError)) return false;
  const { type, detail } = error.problem;
  return (
    type === "accountDoesNotExist" ||
    (type === "unauthorized" && /account.*deactivated|deactivated.*account/i.test(detail))
  );
};

const assertExternal = async (authority: Authority, isGiven: boolean, signal: AbortSignal): Promise<void> => {
  const { externalAccountRequired } = await authority.directory(signal);
  if (isGiven || !externalAccountRequired) return;
  throw externalAccountMissing(authority.url);
};

export const externalAccountMissing = (directory: string): UserError =>
  new UserError({
    id: "acme.external-account",
    what: `${new URL(directory).host} makes accounts only for its customers.`,
    why: "It wants an external account binding (RFC 8555 §7.3.4), and none is given.",
    remedy: {
      text: "Get a key from the CA's console and set:",
      command: sh`export ACME_EAB_KID=… ACME_EAB_HMAC_KEY=…`,
    },
    kind: "input",
    staysInput: true,
  });

/** For CAA records with `accounturi` (RFC 8657). Undefined: there is no account yet. */
export const accountUrl = async (cluster: ClusterRead, directory: string): Promise<string | undefined> =>
  textOf(await cluster.get(accountRef(directory)), URL_KEY);

/** The account in a Secret. Undefined: none is kept there, or the CA has not heard of it yet. */
export const accountIn = (
  secret: KubeObject | undefined,
): { readonly directory: string; readonly key: string; readonly url: string } | undefined => {
  const [directory, key, url] = [textOf(secret, DIRECTORY), textOf(secret, KEY), textOf(secret, URL_KEY)];
  return directory && key && url ? { directory, key, url } : undefined;
};

/**
 * Gives the account a new key (rules 23, 24): it is in the cluster before the CA hears of it. A run that was killed in between goes on with
 * the key that it kept; when the CA refuses the old one by then, it has taken the new one already.
 */
export const rollAccountKey = async (
  authority: Pick<Authority, "url" | "account">,
  { cluster, store, signal }: Pick<AcmeTools, "cluster" | "store" | "signal">,
): Promise<boolean> => {
  const kept = await cluster.get(accountRef(authority.url));
  const account = accountIn(kept);
  if (!kept || !account) return false;
  const next = textOf(kept, NEXT_KEY) ?? newKey();
  const { labels = LABEL, annotations = {} } = kept.metadata;
  const secret = (data: Readonly<Record<string, string>>): KubeObject =>
    opaque(
      accountRef(authority.url).name,
      { ...data, [URL_KEY]: account.url, [DIRECTORY]: authority.url },
      { labels, annotations },
    );
  const isFresh = textOf(kept, NEXT_KEY) === undefined;
  if (isFresh) await store(secret({ [KEY]: account.key, [NEXT_KEY]: next }));
  try {
    await authority.account(account.key, account.url).rollKey(next, signal);
  } catch (error) {
    if (isFresh || !(error instanceof AuthorityError)) throw error;
  }
  await store(secret({ [KEY]: next }));
  return true;
};
