import type { Issue } from "../../changes/certificate.ts";
import type { CertificateChange } from "../../changes/index.ts";
import type { Authority, ExternalAccount } from "../../ports/authority.ts";
import type { RecordSet, Zone } from "../../ports/zones.ts";

/** What issuing may use. `store` and `forget` are its only ways to write to the cluster (rule 23). */
export type AcmeTools = Parameters<Issue>[1];

export type KeyType = "ecdsa" | "rsa";

export interface AcmeSettings {
  readonly email?: string;
  /** Of the CA's profiles; absent: the CA's own choice. */
  readonly profile?: string;
  /** ECDSA P-256 or RSA 2048. */
  readonly keyType: KeyType;
  readonly external?: ExternalAccount;
  /** PEM of a private CA's roots: chains must end below one of them, and that one goes into `ca.crt`. */
  readonly root?: string;
}

/** One value of a challenge, and where it stands. */
export interface TxtRecord {
  readonly zone: Zone;
  /** Absolute, without the trailing dot. */
  readonly name: string;
  readonly value: string;
}

/** A copy of what a wildcard above says, which a TXT would hide (rule 17): it stands beside the TXT, and goes with it. */
export interface Copy {
  readonly zone: Zone;
  /** Its name is relative to the zone. */
  readonly set: RecordSet;
}

/** Who writes the TXT values of challenges. */
export interface ChallengeRecords {
  /** The copies that these values need beside them and that are not there. */
  readonly copiesFor: (records: readonly TxtRecord[]) => Promise<readonly Copy[]>;
  /**
   * Adds and removes values; other people's stay. What is there already or gone already is fine. `copies` are made in the zones in which
   * values are added, and removed from the others. Resolves when the provider has it
   * everywhere. A UserError with exit code 3 says that a person has to do it first: nothing is taken back, the next run goes on.
   */
  readonly change: (
    change: {
      readonly add: readonly TxtRecord[];
      readonly drop: readonly TxtRecord[];
      readonly copies?: readonly Copy[];
    },
    signal: AbortSignal,
  ) => Promise<void>;
}

/** All values of one name. */
export interface TxtExpectation {
  readonly zone: Zone;
  readonly name: string;
  readonly values: readonly string[];
}

export interface AcmeIssuerOptions {
  readonly authority: Authority;
  readonly settings: AcmeSettings;
  /** uid of namespace kube-system: an account that came from another cluster is not used (rule 24). */
  readonly clusterUid: string;
  readonly records: ChallengeRecords;
  /** Where the challenge for a name (without `*.`) is written: the place that the plan has shown. */
  readonly placeOf: (name: string) => Promise<Omit<TxtRecord, "value">>;
  /** Resolves when every authoritative server has these values; rejects with what a person has to know. */
  readonly awaitTxt: (
    expected: readonly TxtExpectation[],
    signal: AbortSignal,
    onWaiting: AcmeTools["onWaiting"],
  ) => Promise<void>;
  /** Before each further order, where the CA failed by itself: milliseconds. Default: 5 s, 30 s. */
  readonly orderPausesMs?: readonly number[];
}

export interface AcmeIssuer {
  readonly issue: (change: CertificateChange, tools: AcmeTools) => Promise<void>;
}
