import type { BadFinding } from "../../core/finding-error.ts";
import { HOME, withOwner } from "../../kube/inventory.ts";
import { few } from "../../ports/few.ts";
import { dataOf, isRecord, type KubeObject, type ObjectRef } from "../../ports/object.ts";

/** Recent issuances, failed validations and refusals of this cluster. CAs limit them, and none tells how much is left. */
export const LEDGER: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: HOME, name: "acme-ledger" };

export interface LedgerEntry {
  /** `refused`: the CA has said that it takes no order before {@link LedgerEntry.until}. */
  readonly kind: "issued" | "failed" | "refused";
  readonly directory: string;
  /** The exact set of an issuance or a refusal, sorted; the one identifier of a failed validation. */
  readonly names: readonly string[];
  readonly at: Date;
  /** URL of the order: an issuance that is finished twice is written down once. */
  readonly order: string;
  /** A renewal within the window that the CA suggested (RFC 9773 §4.2) counts nowhere. */
  readonly isExempt?: boolean;
  /** Of a refusal. */
  readonly until?: Date;
}

export type Ledger = readonly LedgerEntry[];

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;
const FILE = "ledger.json";
/** No limit that is known lasts longer; a clock that was wrong does not keep anybody from ordering for ever. */
const LONGEST_REFUSAL = 8 * 24 * HOUR;

/** A token bucket of `size`, refilled evenly over `period` milliseconds. */
interface Limit {
  readonly size: number;
  readonly period: number;
}

interface Limits {
  /** Certificates for one exact set of names. */
  readonly identical: Limit;
  /** Failed validations of one identifier. */
  readonly failures: Limit;
  /** Certificates for new sets of names of one registered domain, all accounts together. */
  readonly domain?: Limit;
}

/** Let's Encrypt, documentation of 2026-08-05. Of other CAs nothing is known. */
const LIMITS: Readonly<Record<string, Limits>> = {
  "acme-v02.api.letsencrypt.org": {
    identical: { size: 5, period: WEEK },
    failures: { size: 5, period: HOUR },
    domain: { size: 50, period: WEEK },
  },
  "acme-staging-v02.api.letsencrypt.org": {
    identical: { size: 30_000, period: WEEK },
    failures: { size: 200, period: HOUR },
  },
};

const limitsOf = (directory: string): Limits | undefined => LIMITS[new URL(directory).host];

/** Undefined: it is not known, or no URL. */
export const domainLimitOf = (directory: string): Limit | undefined =>
  URL.canParse(directory) ? limitsOf(directory)?.domain : undefined;

const setOf = (names: readonly string[]): string => [...names].sort().join(",");

/** When the bucket has room for one more; undefined: now. `at`: the times of earlier ones, oldest first. */
const nextFit = ({ size, period }: Limit, taken: readonly Date[], now: Date): Date | undefined => {
  const each = period / size;
  let level = size;
  let last = Number.NEGATIVE_INFINITY;
  for (const time of taken.map((date) => date.getTime()).sort((a, b) => a - b)) {
    level = Math.max(0, Math.min(size, level + (time - last) / each) - 1);
    last = time;
  }
  const missing = 1 - Math.min(size, level + (now.getTime() - last) / each);
  return missing > 0 ? new Date(now.getTime() + Math.ceil(missing * each)) : undefined;
};

const issuances = (ledger: Ledger, directory: string, names: readonly string[], now: Date): readonly Date[] =>
  ledger
    .filter(
      (entry) =>
        entry.kind === "issued" &&
        !entry.isExempt &&
        entry.directory === directory &&
        setOf(entry.names) === setOf(names) &&
        now.getTime() - entry.at.getTime() < WEEK,
    )
    .map(({ at }) => at);

const failures = (ledger: Ledger, directory: string, name: string, now: Date): readonly Date[] =>
  ledger
    .filter(
      (entry) =>
        entry.kind === "failed" &&
        entry.directory === directory &&
        entry.names.includes(name) &&
        now.getTime() - entry.at.getTime() < HOUR,
    )
    .map(({ at }) => at);

/**
 * The CA's last refusal that still stands, as it has said itself (Retry-After). Whoever orders asks all the same: a limit may be lifted before. `names`:
 * the exact set; undefined: of whichever.
 */
export const refusalIn = (
  ledger: Ledger,
  directory: string,
  names: readonly string[] | undefined,
  now: Date,
): (LedgerEntry & { readonly until: Date }) | undefined =>
  ledger
    .flatMap((entry) => (entry.kind === "refused" && entry.until ? [{ ...entry, until: entry.until }] : []))
    .findLast(
      (entry) =>
        entry.directory === directory &&
        (names === undefined || setOf(entry.names) === setOf(names)) &&
        isStanding(entry, now),
    );

const isStanding = ({ at, until }: LedgerEntry, now: Date): boolean =>
  until !== undefined && at <= now && now < until && now.getTime() - at.getTime() < LONGEST_REFUSAL;

export interface Cost {
  /** Certificates for exactly these names in the last seven days. */
  readonly used: number;
  readonly limit: number;
  /** For the plan: `costs 1 of 5 this week`. */
  readonly text: string;
}

/** What one more certificate for these names costs. Undefined: this CA's limits are not known. */
export const costOf = (ledger: Ledger, directory: string, names: readonly string[], now: Date): Cost | undefined => {
  const used = issuances(ledger, directory, names, now).length;
  const limit = limitsOf(directory)?.identical.size;
  if (limit === undefined) return undefined;
  return { used, limit, text: `costs 1 of ${limit} this week${used === 0 ? "" : `, ${used} used`}` };
};

/** `2026-08-01 10:00:00 UTC`, rounded up to the second. */
export const inUtc = (date: Date): string =>
  `${new Date(Math.ceil(date.getTime() / 1000) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** That the CA would certainly refuse. It is not asked then, because each refusal may count again. Undefined: it may give another. */
export const limitProblem = (
  ledger: Ledger,
  directory: string,
  names: readonly string[],
  now: Date,
): BadFinding | undefined => {
  const host = new URL(directory).host;
  const refused = (id: string, summary: string, why: string, text: string): BadFinding => ({
    status: "fail",
    summary,
    remedy: { text },
    error: { id, why, kind: "failed" },
    evidence: [{ object: LEDGER, field: `.data["${FILE}"]` }],
  });
  const limits = limitsOf(directory);
  if (!limits) return undefined;
  const taken = issuances(ledger, directory, names, now);
  const next = nextFit(limits.identical, taken, now);
  if (next)
    return refused(
      "acme.limit",
      `${host} gives at most ${limits.identical.size} certificates for the same names in 7 days, and this cluster has had ${taken.length}.`,
      `For ${few(names)}; it was not asked.`,
      `Run the same command after ${inUtc(next)}; until then --tls letsencrypt-staging tries everything else.`,
    );
  for (const name of new Set(names.map((full) => full.replace(/^\*\./, "")))) {
    const failed = failures(ledger, directory, name, now);
    const next = nextFit(limits.failures, failed, now);
    if (!next) continue;
    return refused(
      "acme.failures",
      `${host} allows ${limits.failures.size} failed validations of a name in an hour, and ${name} has had ${failed.length}.`,
      "It was not asked.",
      `Mend the cause, try it with --tls letsencrypt-staging, and run the same command after ${inUtc(next)}.`,
    );
  }
  return undefined;
};

/** Adds the entries, drops those that are too old for every limit, keeps one issuance for each order, and no refusal of what was issued then. */
export const withEntries = (ledger: Ledger, entries: Ledger, now: Date): Ledger => {
  const known = new Set(ledger.filter(({ kind }) => kind === "issued").map(({ order }) => order));
  const fresh = entries.filter(({ kind, order }) => kind !== "issued" || !known.has(order));
  const had = new Set(entries.filter(({ kind }) => kind === "issued").map(({ names }) => setOf(names)));
  return [...ledger, ...fresh].filter((entry) => {
    if (entry.kind === "refused") return isStanding(entry, now) && !had.has(setOf(entry.names));
    return now.getTime() - entry.at.getTime() < (entry.kind === "issued" ? WEEK : HOUR);
  });
};

export const ledgerObject = (ledger: Ledger): KubeObject =>
  withOwner(
    {
      apiVersion: LEDGER.apiVersion,
      kind: LEDGER.kind,
      metadata: { name: LEDGER.name, namespace: HOME },
      data: { [FILE]: JSON.stringify(ledger, null, 2) },
    },
    "certificate",
  );

const KINDS = ["issued", "failed", "refused"] as const satisfies readonly LedgerEntry["kind"][];

/** Empty when it is absent or unreadable. The ledger only saves requests that the CA would refuse. */
export const parseLedger = (object: KubeObject | undefined): Ledger => {
  try {
    const entries: unknown = JSON.parse(dataOf(object)[FILE] ?? "[]");
    return (Array.isArray(entries) ? entries : []).flatMap((entry: unknown): Ledger => {
      if (!isRecord(entry) || !Array.isArray(entry.names)) return [];
      const at = new Date(String(entry.at));
      const until = new Date(String(entry.until));
      const kind = KINDS.find((one) => one === entry.kind);
      if (kind === undefined || Number.isNaN(at.getTime())) return [];
      return [
        {
          kind,
          directory: String(entry.directory),
          names: entry.names.map(String),
          at,
          order: String(entry.order),
          ...(entry.isExempt === true ? { isExempt: true } : {}),
          ...(Number.isNaN(until.getTime()) ? {} : { until }),
        },
      ];
    });
  } catch {
    return [];
  }
};
