import { setTimeout as sleep } from "node:timers/promises";
import type { CertificateChange } from "../../changes/index.ts";
import { errorOf } from "../../core/finding-error.ts";
import { AuthorityError, type DirectoryInfo } from "../../ports/authority.ts";
import { isUnsettled, messageOf, UserError } from "../../ports/error.ts";
import { keyOf } from "../../ports/object.ts";
import { outage } from "../../ports/outage.ts";
import { chainProblem, rootOf } from "../chain.ts";
import { isAskedFor, renewalOf } from "../renewal.ts";
import { inspect } from "../secret.ts";
import { type OpenAccount, withAccount } from "./account.ts";
import { begin } from "./begin.ts";
import { orderRef, orderSecret, type PendingOrder, parseOrder, unfinishedOrders } from "./journal.ts";
import { LEDGER, type LedgerEntry, ledgerObject, limitProblem, parseLedger, withEntries } from "./ledger.ts";
import { authorize, collect, type OrderInProgress, requestFor } from "./order.ts";
import { NotOrdered, onlyOrdered } from "./ordered.ts";
import { explained, nextTry, OrderFailed, unknownProfile } from "./problems.ts";
import { type Attempts, retryOf, waitingReason, withAttempts } from "./retry.ts";
import { issuedFor, issuedSecret, replacedBy } from "./tls-secret.ts";
import type { AcmeIssuerOptions, AcmeTools } from "./types.ts";

/** Milliseconds that cleanup may take after a failure or a signal. */
const CLEANUP_MS = 20_000;
const DAY = 86_400_000;

/** State of one issuance: cleanup and error messages read it. */
interface Progress {
  kept?: PendingOrder;
  info?: DirectoryInfo;
  accountUrl?: string;
}

/**
 * Makes a certificate and puts it into the Secret. Whatever a killed run would leave behind is in the cluster before it exists (rule 23):
 * called again, this goes on with the same order, and removes TXT values that it had written.
 */
export const issue = async (change: CertificateChange, options: AcmeIssuerOptions, tools: AcmeTools): Promise<void> => {
  const progress: Progress = {};
  let attempts: Attempts = { hindered: 0, orders: 0 };
  for (;;) {
    try {
      return await attempt(change, options, tools, progress);
    } catch (error) {
      const isFailed = error instanceof OrderFailed;
      if (isFailed) await noteFailures(error, progress.kept, options, tools);
      else await noteRefusal(error, change, options, tools);
      attempts = isFailed
        ? { ...attempts, orders: attempts.orders + 1 }
        : { ...attempts, hindered: attempts.hindered + 1 };
      const { info, accountUrl } = progress;
      const told = explained(error, {
        directory: options.authority.url,
        info,
        names: change.names,
        accountUrl,
        kid: options.settings.external?.kid,
      });
      const retry = retryOf(error, attempts, tools.now(), options.orderPausesMs);
      if (retry && !tools.signal.aborted && !(isFailed && (await isLimitReached(change, options, tools)))) {
        tools.onWaiting(
          `${told instanceof UserError ? waitingReason(told) : messageOf(told)}${retry.words}`,
          told instanceof UserError ? told.remedy : NOTHING_TO_DO,
        );
        await sleep(retry.ms, undefined, { signal: tools.signal }).catch(() => {});
        if (!tools.signal.aborted) continue;
      }
      const isDead = isFailed || error instanceof NotOrdered;
      if (progress.kept && !isUnsettled(error)) await retreat(progress.kept, isDead, options, tools);
      tools.signal.throwIfAborted();
      throw withAttempts(told, attempts);
    }
  }
};

const NOTHING_TO_DO = { text: "It goes on by itself." };

/** Whether the CA's limits for these names are reached, as the ledger says. If it cannot be read, they count as reached. */
const isLimitReached = async (
  change: CertificateChange,
  { authority }: AcmeIssuerOptions,
  tools: AcmeTools,
): Promise<boolean> => {
  try {
    const ledger = parseLedger(await tools.cluster.get(LEDGER));
    return limitProblem(ledger, authority.url, change.names, tools.now()) !== undefined;
  } catch {
    return true;
  }
};

/** Tells that a person has to publish the records first; the next run continues the same order (rule 21). */

const attempt = async (
  change: CertificateChange,
  options: AcmeIssuerOptions,
  tools: AcmeTools,
  progress: Progress,
): Promise<void> => {
  const { authority, settings } = options;
  const info = await authority.directory(tools.signal);
  progress.info = info;
  assertProfile(options, info);
  const [live, ledger, earlier] = await Promise.all([
    tools.cluster.get(change.secret),
    tools.cluster.get(LEDGER).then(parseLedger),
    unfinishedOrders(tools.cluster, change.secret),
  ]);
  const names = [...change.names].sort();
  const ref = orderRef(authority.url, names);
  for (const other of earlier) {
    if (orderRef(other.directory, other.names).name !== ref.name) await abandon(other, options, tools);
  }
  let kept = parseOrder(await tools.cluster.get(ref));
  const finishedAt = kept && issuedFor(live, kept.key);
  if (kept && finishedAt) {
    // An earlier run stored the certificate and was killed, perhaps before it noted that in the journal.
    await note([issuance(kept, finishedAt)], tools);
    await abandon(kept, options, tools);
    if (change.resumes || tools.now().getTime() - finishedAt.getTime() < DAY) return;
    kept = undefined;
  }
  const replaces = info.hasRenewalInfo ? replacedBy(live, authority.url) : undefined;
  const old = replaces === undefined ? undefined : inspect(live);
  const isExempt = old !== undefined && isAskedFor(await renewalOf(old, authority, tools.signal), tools.now());
  const problem = kept || isExempt ? undefined : limitProblem(ledger, authority.url, names, tools.now());
  if (problem) throw errorOf({ id: "acme.limit" }, problem, { kind: "failed" });
  const keep = async (next: PendingOrder): Promise<void> => {
    progress.kept = next;
    await tools.store(orderSecret(next));
  };
  const wish = {
    names,
    target: keyOf(change.secret),
    keyType: settings.keyType,
    ...(settings.profile ? { profile: settings.profile } : {}),
    ...(replaces ? { replaces } : {}),
    isExempt,
  };
  const current = await withAccount(options, tools, async (opened: OpenAccount): Promise<OrderInProgress> => {
    progress.accountUrl = opened.url;
    const account = onlyOrdered(opened.account, names, authority.url);
    const begun = await begin(account, wish, { kept, directory: authority.url, keep }, tools);
    progress.kept = begun.kept;
    return { ...begun, account, keep, csr: requestFor(begun.kept) };
  });
  const order = await authorize(current, options, tools);
  await finish(change, { ...current, order, kept: progress.kept ?? current.kept }, options, tools);
};

/** Fetches, checks and stores the certificate, and removes the challenge's records meanwhile. */
const finish = async (
  change: CertificateChange,
  current: OrderInProgress,
  options: AcmeIssuerOptions,
  tools: AcmeTools,
): Promise<void> => {
  const { kept } = current;
  const { authority, settings } = options;
  const [made, cleared] = await Promise.allSettled([
    collect(current, tools),
    kept.records.length > 0 ? options.records.change(dropping(kept), tools.signal) : undefined,
  ]);
  if (made.status === "rejected") throw made.reason;
  const chain = made.value;
  const { root } = settings;
  const now = tools.now();
  const problem = chainProblem(chain, { key: kept.key, names: change.names, now, ...(root ? { roots: root } : {}) });
  if (problem) throw unusable(authority.url, problem);
  const { key, profile } = kept;
  const directory = authority.url;
  const signer = root === undefined ? undefined : rootOf(chain, root);
  await tools.store(
    issuedSecret(change.secret, { chain, key, directory, profile, names: change.names, issuedAt: now, root: signer }),
  );
  await note([issuance(kept, now)], tools);
  // The certificate is stored even if records could not be removed: only a lost certificate counts against the CA's limits.
  if (cleared.status === "rejected") throw cleared.reason;
  await tools.forget(orderRef(kept.directory, kept.names));
};

const dropping = ({ records, copies }: PendingOrder) => ({ add: [], drop: records, copies });

const issuance = ({ directory, names, url, isExempt }: PendingOrder, at: Date): LedgerEntry => ({
  kind: "issued",
  directory,
  names,
  at,
  order: url,
  ...(isExempt ? { isExempt } : {}),
});

const assertProfile = ({ authority, settings }: AcmeIssuerOptions, info: DirectoryInfo): void => {
  if (settings.profile === undefined || settings.profile in info.profiles) return;
  throw unknownProfile({ directory: authority.url, info, names: [] });
};

/** Removes the TXT values of an earlier order, then its journal entry. Values that cannot be removed stay listed, and the run continues. */
const abandon = async (kept: PendingOrder, options: AcmeIssuerOptions, tools: AcmeTools): Promise<void> => {
  try {
    if (kept.records.length > 0) await options.records.change(dropping(kept), tools.signal);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    tools.onWaiting(`the TXT records of an earlier order could not be removed: ${error.message}`, error.remedy);
    return;
  }
  await tools.forget(orderRef(kept.directory, kept.names));
};

/** After a failure: removes the TXT values, and keeps the order unless it is dead. If cleanup fails too, the next run repeats it. */
const retreat = async (
  kept: PendingOrder,
  isDead: boolean,
  { records }: AcmeIssuerOptions,
  tools: AcmeTools,
): Promise<void> => {
  try {
    if (kept.records.length > 0) {
      await records.change(dropping(kept), AbortSignal.timeout(CLEANUP_MS));
    }
    if (isDead) await tools.forget(orderRef(kept.directory, kept.names));
    else if (kept.records.length > 0) await tools.store(orderSecret({ ...kept, records: [], copies: [] }));
  } catch {
    tools.onWaiting("the TXT records of the challenge could not be removed", { text: "The next run does it." });
  }
};

const noteFailures = async (
  { reasons }: OrderFailed,
  kept: PendingOrder | undefined,
  { authority }: AcmeIssuerOptions,
  tools: AcmeTools,
): Promise<void> => {
  const failed = reasons.flatMap(({ name }): readonly LedgerEntry[] => {
    if (!name || !kept) return [];
    const names = [name.replace(/^\*\./, "")];
    return [{ kind: "failed", directory: authority.url, names, at: tools.now(), order: kept.url }];
  });
  // The CA's reason is reported, even if the ledger could not be written.
  if (failed.length > 0) await note(failed, tools).catch(() => {});
};

/** What the CA has said of its limits is kept, for who looks later why there is no certificate; a limit of seconds is waited for as it is. */
const noteRefusal = async (
  error: unknown,
  { names }: CertificateChange,
  { authority }: AcmeIssuerOptions,
  tools: AcmeTools,
): Promise<void> => {
  if (!(error instanceof AuthorityError) || error.asked !== "order" || error.problem.type !== "rateLimited") return;
  const until = nextTry(error.problem);
  if (!until || outage(error) !== undefined) return;
  const entry: LedgerEntry = {
    kind: "refused",
    directory: authority.url,
    names: [...names].sort(),
    at: tools.now(),
    until,
    order: "",
  };
  // The CA's reason is reported, even if the ledger could not be written.
  await note([entry], tools).catch(() => {});
};

const note = async (entries: readonly LedgerEntry[], tools: AcmeTools): Promise<void> => {
  const ledger = parseLedger(await tools.cluster.get(LEDGER));
  await tools.store(ledgerObject(withEntries(ledger, entries, tools.now())));
};

const unusable = (directory: string, problem: string): UserError =>
  new UserError({
    id: "acme.unusable",
    what: `The certificate from ${new URL(directory).host} is not used: ${problem}.`,
    why: "Nothing was replaced; the order is kept.",
    remedy: "Look at the CA, and run the same command again.",
    kind: "failed",
  });
