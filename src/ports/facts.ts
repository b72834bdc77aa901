import type { RecordType } from "./dns.ts";
import type { ObjectRef } from "./object.ts";

/** Values that stand in the DNS under one name and type, or should. Names are absolute, lower case, without the trailing dot. */
export interface PublishedRecords {
  readonly name: string;
  readonly type: RecordType;
  /** Seconds. */
  readonly ttl: number;
  /** A TXT without quotes. */
  readonly values: readonly string[];
}

/** What a person has to do in the DNS, because nobody else can. */
export interface RecordsTask {
  readonly action: "publish" | "remove";
  /** Its name, without the trailing dot. */
  readonly zone: string;
  readonly records: readonly PublishedRecords[];
}

/** A request that the API server refused, or did not answer as it should. */
export interface UnansweredRequest {
  /** As RBAC has it: `list`, `get`. */
  readonly verb: string;
  /** `pods`, `deployments.apps`, `pods/log`; what is no resource: its path, such as `/version`. */
  readonly resource: string;
  /** Absent: all of them, or there are none. */
  readonly namespace?: string;
  readonly name?: string;
  /** Status code of the answer. Absent: there was none. */
  readonly status?: number;
}

/** What was found out, for programs and pages: each name means the same wherever it stands. */
export interface Facts {
  /** Under which the Service answers, with the port where it is not the scheme's own. */
  readonly url?: string;
  /** Status code of an http answer. */
  readonly status?: number;
  /** Where a redirect leads. */
  readonly location?: string;
  /** The gateway's address: an IP address or a host name. */
  readonly address?: string;
  /** Where the address is known from. */
  readonly source?: string;
  /** All addresses that were asked. */
  readonly addresses?: readonly string[];
  /** The certificate's names, wildcards included. */
  readonly names?: readonly string[];
  /** When the certificate ends: ISO 8601. */
  readonly notAfter?: string;
  readonly daysLeft?: number;
  /** How long it took. */
  readonly seconds?: number;
  readonly version?: string;
  /** Why it does not work, without the name of what it is about. */
  readonly reason?: string;
  /** The level of Pod Security that the namespace enforces, and that refuses the pods. */
  readonly podSecurity?: string;
  /** That could not be pulled. */
  readonly image?: string;
  /** The domain under which Services are published. */
  readonly domain?: string;
  readonly records?: readonly PublishedRecords[];
  /** Why it is not known. */
  readonly request?: UnansweredRequest;
}

/** One field as it was seen. */
export interface Evidence {
  /** Absent: it is about no object of the cluster. */
  readonly object?: ObjectRef;
  /** `.status.availableReplicas`; of a record or an answer: its name. Empty: the object itself. */
  readonly field: string;
  /** Absent: there was none. */
  readonly observed?: unknown;
  /** Absent: it is only known that the observed one is wrong. */
  readonly expected?: unknown;
}

/** What was seen, as data beside the sentence that says it. */
export interface Seen {
  readonly facts?: Facts;
  readonly evidence?: readonly Evidence[];
}
