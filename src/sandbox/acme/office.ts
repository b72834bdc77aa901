/** What the authority knows, and what its rooms share. */

import { randomBytes } from "node:crypto";
import type { Authority } from "./certificates.ts";
import type { AccountKey } from "./jws.ts";
import type { Buckets } from "./limits.ts";
import type { AcmeFaults, AcmeOptions, Profile, RenewalWindow } from "./options.ts";
import type { ProblemDocument } from "./problem.ts";

export interface Account {
  readonly id: string;
  readonly created: Date;
  readonly external?: unknown;
  key: AccountKey;
  contact: readonly string[];
  status: "valid" | "deactivated";
}

export interface Challenge {
  readonly id: string;
  readonly type: "dns-01" | "http-01";
  readonly token: string;
  status: "pending" | "processing" | "valid" | "invalid";
  validated?: Date;
  error?: ProblemDocument;
}

export interface Authorization {
  readonly id: string;
  readonly account: Account;
  /** Without `*.`. */
  readonly name: string;
  readonly wildcard: boolean;
  readonly challenges: readonly Challenge[];
  status: "pending" | "valid" | "invalid" | "deactivated";
  expires: Date;
}

export interface Order {
  readonly id: string;
  readonly account: Account;
  readonly names: readonly string[];
  readonly profile: string;
  readonly replaces?: string;
  /** Made within the window of the certificate that it replaces: no limit holds for it. */
  readonly exempt: boolean;
  readonly authorizations: readonly Authorization[];
  readonly expires: Date;
  /** `open`: its authorizations tell. */
  stage: "open" | "processing" | "valid" | "invalid";
  error?: ProblemDocument;
  certificate?: Certificate;
}

export interface Certificate {
  /** Its place in the list of issued ones, as in its URL. */
  readonly number: number;
  readonly order: Order;
  readonly serial: string;
  readonly pem: string;
  readonly publicKey: Buffer;
  readonly thumbprint: string;
  readonly commonName?: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  revoked: boolean;
  window?: RenewalWindow;
}

export interface Office {
  /** `https://127.0.0.1:<port>` */
  readonly base: string;
  readonly options: AcmeOptions;
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly caaIdentities: readonly string[];
  readonly authority: Authority;
  readonly buckets: Buckets;
  readonly nonces: Nonces;
  readonly accounts: Map<string, Account>;
  readonly authorizations: Map<string, Authorization>;
  readonly orders: Map<string, Order>;
  readonly certificates: Certificate[];
  readonly now: () => Date;
  readonly random: () => number;
  readonly faults: () => AcmeFaults;
  /** Runs it after so many real milliseconds, unless the authority is closed before. */
  readonly later: (milliseconds: number, task: () => Promise<void>) => void;
}

export interface Nonces {
  readonly issue: () => string;
  /** Whether it was issued and is used for the first time. */
  readonly take: (nonce: string) => boolean;
}

const TEN_MINUTES = 600_000;

/** Unused ones are forgotten after ten minutes of real time, else every HEAD would be kept. */
export const createNonces = (): Nonces => {
  const open = new Map<string, number>();
  return {
    issue: () => {
      const nonce = newId();
      open.set(nonce, performance.now());
      for (const [old, since] of open) {
        if (performance.now() - since < TEN_MINUTES) break;
        open.delete(old);
      }
      return nonce;
    },
    take: (nonce) => open.delete(nonce),
  };
};

export const newId = (): string => randomBytes(16).toString("base64url");

/** RFC 3339 in whole seconds. */
export const dateText = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, "Z");

export const hoursFrom = (date: Date, hours: number): Date => new Date(date.getTime() + hours * 3_600_000);

export const accountUrl = ({ base }: Office, { id }: Account): string => `${base}/account/${id}`;

/** In an order that no client may rely on (RFC 8555 §7.1.3). */
export const shuffled = <T>({ random }: Office, items: readonly T[]): readonly T[] =>
  items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

export const retryAfter = (milliseconds: number | undefined): Readonly<Record<string, string>> =>
  milliseconds ? { "retry-after": String(Math.ceil(milliseconds / 1000)) } : {};
