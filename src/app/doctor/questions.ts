import type { Canary, Timed } from "../../checks/canary/context.ts";
import type { DirectoryInfo } from "../../ports/authority.ts";
import type {
  AccessQuestion,
  Account,
  ApiResource,
  LogQuery,
  ThroughServer,
  ThroughServerAnswer,
} from "../../ports/cluster.ts";
import type { Answer as DnsAnswer, QuestionType, RecordType } from "../../ports/dns.ts";
import type { ProbeRequest, ProbeResponse } from "../../ports/http.ts";
import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import type { RecordPlace, RecordSet, Zone } from "../../ports/zones.ts";

/** What can be asked of the world, each with its answer. All of it is JSON, so that a recording holds it. */
export interface Questions {
  readonly version: { readonly of: undefined; readonly answer: string };
  readonly account: { readonly of: undefined; readonly answer: Account };
  /** Milliseconds; null: not known. */
  readonly skew: { readonly of: undefined; readonly answer: number | null };
  readonly resources: { readonly of: undefined; readonly answer: readonly ApiResource[] };
  readonly resource: { readonly of: Kind; readonly answer: ApiResource | null };
  /** Absent namespace: all of them. */
  readonly list: {
    readonly of: Kind & { readonly namespace?: string; readonly metadataOnly?: true };
    readonly answer: readonly KubeObject[];
  };
  readonly get: { readonly of: ObjectRef; readonly answer: KubeObject | null };
  readonly can: { readonly of: AccessQuestion; readonly answer: boolean };
  /** Absent server: the resolver's own. */
  readonly dns: {
    readonly of: { readonly name: string; readonly type: RecordType; readonly server?: string };
    readonly answer: DnsAnswer;
  };
  /** To the resolver; what it does not believe is answered, too. */
  readonly unchecked: {
    readonly of: { readonly name: string; readonly type: QuestionType };
    readonly answer: DnsAnswer;
  };
  readonly directory: { readonly of: AuthorityAsked; readonly answer: DirectoryInfo };
  /** Null: the CA does not say. */
  readonly renewalInfo: {
    readonly of: AuthorityAsked & { readonly certificate: string };
    readonly answer: Window | null;
  };
  /** Long lines are cut. */
  readonly logs: { readonly of: LogQuery; readonly answer: string };
  /** Whether credentials of a DNS provider are at hand where it is asked from. */
  readonly credentials: { readonly of: AtProvider; readonly answer: boolean };
  /** At the domain or above it, in what these credentials open. */
  readonly zones: { readonly of: AtProvider & { readonly domain: string }; readonly answer: readonly Zone[] };
  readonly recordSets: {
    readonly of: AtProvider & { readonly zone: Zone } & RecordPlace;
    readonly answer: readonly RecordSet[];
  };
  /** Null: the provider does not tell. */
  readonly recordSetsUnder: {
    readonly of: AtProvider & { readonly zone: Zone; readonly under: string };
    readonly answer: readonly RecordSet[] | null;
  };
  /** How a write was tried without effect; null: it cannot be. */
  readonly trial: {
    readonly of: AtProvider & { readonly zone: Zone; readonly records: readonly RecordPlace[] };
    readonly answer: string | null;
  };
  readonly probe: { readonly of: Omit<ProbeRequest, "signal">; readonly answer: ProbeResponse };
  readonly timed: { readonly of: Omit<ProbeRequest, "signal">; readonly answer: Timed<ProbeResponse> };
  readonly through: { readonly of: ThroughServer; readonly answer: Timed<ThroughServerAnswer> };
  /** Which canary was made, or was to be. */
  readonly canary: { readonly of: undefined; readonly answer: Pick<Canary, "service" | "ownNamespace"> };
  readonly settled: { readonly of: undefined; readonly answer: Awaited<ReturnType<Canary["settled"]>> };
  /** Another question, asked when the canary was there: it may have had another answer before. */
  readonly later: { readonly of: { readonly asked: string; readonly of?: unknown }; readonly answer: unknown };
}

/** A provider of {@link dnsProvider}, by its id. */
interface AtProvider {
  readonly provider: string;
}

/** A CA: the URL of its directory, and the root of a private one (PEM). */
export interface AuthorityAsked {
  readonly directory: string;
  readonly ca?: string;
}

/** RFC 9773; times as ISO 8601. */
export interface Window {
  readonly start: string;
  readonly end: string;
  readonly explanation?: string;
}

interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

export type Asked = keyof Questions;

/** Rejects as the world does: with the errors of the ports. */
export type Ask = <A extends Asked>(
  asked: A,
  of: Questions[A]["of"],
  signal?: AbortSignal,
) => Promise<Questions[A]["answer"]>;

/** The same question has the same key, whatever the order of its fields. */
export const keyOfQuestion = (asked: Asked, of: unknown): string =>
  `${asked} ${JSON.stringify(sorted(of)) ?? ""}`.trimEnd();

const sorted = (of: unknown): unknown =>
  typeof of === "object" && of !== null
    ? Object.fromEntries(Object.entries(of).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : of;
