/** Asking DNS servers, as a diagnostic tool does: raw answers, no cache. Terms as in RFC 9499. */

/** What a zone is written with. */
export type RecordType = "A" | "AAAA" | "CAA" | "CNAME" | "NS" | "SOA" | "TXT";
/** What can be asked for: how a zone is signed, too, which its provider writes. */
export type QuestionType = RecordType | "DNSKEY" | "DS";

/** What may lead a name to an address or a host name. */
export const ADDRESS_TYPES = ["A", "AAAA", "CNAME"] as const satisfies readonly RecordType[];

export interface ResourceRecord {
  /** Absolute, lower case, without the trailing dot; the root is the empty text. */
  readonly name: string;
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
  /**
   * As people write it: an address; a host name without the trailing dot; the joined character-strings of a TXT; a CAA as
   * `0 issue "letsencrypt.org; accounturi=…"`; a SOA as its seven fields; a DS as `12345 13 2 DIGEST` in hexadecimal digits, a DNSKEY as
   * `257 3 13 KEY` in base64.
   */
  readonly value: string;
}

export interface Answer {
  /** Who answered: `192.0.2.53`, `192.0.2.53:5353`. */
  readonly server: string;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED` … */
  readonly rcode: string;
  /** The AA bit. */
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  /** A referral's NS, a negative answer's SOA. */
  readonly authority: readonly ResourceRecord[];
  /** Glue. */
  readonly additional: readonly ResourceRecord[];
  /** How long it took, in milliseconds, where somebody has measured that and it was long. */
  readonly ms?: number;
}

/**
 * All functions go over UDP (with EDNS, 1232 bytes), over TCP when the answer was truncated, try three times, and reject with
 * {@link NoAnswer} when nothing came. An answer of any rcode resolves.
 */
export interface Resolver {
  /** Where {@link Resolver.ask} goes, for messages: `--dns-resolver`, else the system's first. */
  readonly server: string;
  /** It is part of a rehearsal: no other can be asked. */
  readonly isRehearsed?: boolean;
  /** What it answers is kept and read again: of several servers the first in order counts, not the quickest, so that nothing depends on time. */
  readonly inOrder?: boolean;
  /** A recursive question. */
  readonly ask: (name: string, type: RecordType, signal?: AbortSignal) => Promise<Answer>;
  /** The same, and what a validating resolver does not believe is answered, too (CD, RFC 4035 section 3.2.2). */
  readonly askUnchecked: (name: string, type: QuestionType, signal?: AbortSignal) => Promise<Answer>;
  /** The same question to one server, without asking for recursion. `address` is an IP address; the port is 53. */
  readonly askServer: (address: string, name: string, type: RecordType, signal?: AbortSignal) => Promise<Answer>;
  /** Makes an attempt again while its trouble may pass, and resolves to what the last one gave. Absent: nothing is waited for. */
  readonly patiently?: <T>(attempt: () => Promise<Attempt<T>>, signal?: AbortSignal) => Promise<T>;
}

export interface Attempt<T> {
  readonly result: T;
  /** What is in the way and may pass by itself: half a sentence. */
  readonly trouble?: string | undefined;
}

/** A server that could not be asked: time ran out, port closed, network unreachable. */
export class NoAnswer extends Error {
  readonly server: string;
  /** As {@link Resolver.isRehearsed}. */
  readonly isRehearsed: boolean;
  constructor(server: string, message: string, cause?: unknown, isRehearsed = false) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "NoAnswer";
    this.server = server;
    this.isRehearsed = isRehearsed;
  }
}
