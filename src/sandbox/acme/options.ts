/** What the rehearsal's certificate authority is asked to be. */

/** draft-ietf-acme-profiles. */
export interface Profile {
  /** What the directory says of it: text or URL. */
  readonly description: string;
  readonly hours: number;
  /** Whether a certificate carries a common name. */
  readonly commonName?: boolean;
}

export interface Limit {
  readonly count: number;
  readonly hours: number;
}

/** Each is absent: unlimited. A bucket refills by one every `hours / count`, as Let's Encrypt's do. */
export interface Limits {
  /** Certificates for one exact set of names. */
  readonly certificatesPerSet?: Limit;
  /** For one name and account. */
  readonly failedValidations?: Limit;
  /** For one account. */
  readonly newOrders?: Limit;
}

/** RFC 9773 §4.2: `end` lies after `start`. */
export interface RenewalWindow {
  readonly start: Date;
  readonly end: Date;
  readonly explanationURL?: string;
}

export interface AcmeRequest {
  /** Counted from 1. */
  readonly nth: number;
  readonly method: string;
  /** `/new-order`, `/order/<id>` … */
  readonly path: string;
  /** Of a POST, decoded but not verified: the parsed JSON, or an empty text for POST-as-GET. */
  readonly payload?: unknown;
  /** A POST that is no POST-as-GET and no search for an account. */
  readonly writes: boolean;
}

export interface AcmeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
}

/** What goes wrong; everything works when nothing is set. Times are real milliseconds, whatever the clock says. */
export interface AcmeFaults {
  /** Share of good nonces that are refused all the same, 0 to 1. */
  readonly nonceRejections?: number;
  /**
   * Answers this status (503 as Let's Encrypt does when busy, others as a proxy would) to so many requests; absent: to all. `isFelt`: by which of
   * them; absent: by each.
   */
  readonly unavailable?: {
    readonly status: number;
    readonly requests?: number;
    readonly retryAfterSeconds?: number;
    readonly isFelt?: (request: AcmeRequest) => boolean;
  };
  /** What the CA's own resolver has instead of an answer, as an error of node:dns (`ESERVFAIL`). Undefined: it asks as always. */
  readonly lookup?: (type: "TXT" | "CAA", name: string) => string | undefined;
  /** Before each answer. */
  readonly slowMs?: number;
  /** Closes the connection of the nth request from now (or the nth that writes), before or after it has taken effect. */
  readonly drop?: { readonly nth: number; readonly when: "before" | "after"; readonly onlyWrites?: boolean };
  /** An order stays `processing` for so long. Absent: finalize answers `valid`. */
  readonly processingMs?: number;
  /** Issuance fails with this after finalize: the order becomes `invalid` and says so. */
  readonly issuanceFails?: { readonly type: string; readonly detail: string };
  readonly validationMs?: number;
  /** Every new order is refused. */
  readonly rateLimited?: { readonly detail: string; readonly retryAfterSeconds: number };
  /**
   * What is downloaded instead of the certificate that was issued: for another key, for other names, expired, with its chain
   * upside down, without the intermediate, or signed by an authority that does not lead to the root.
   */
  readonly wrongCertificate?: "key" | "names" | "dates" | "order" | "incomplete" | "chain";
}

export interface AcmeOptions {
  /** Where names are asked, over UDP: `127.0.0.1:5353`. It must follow delegations and CNAMEs by itself. */
  readonly resolver: string;
  /** The system's clock when absent. The certificate of the API itself is valid at any time. */
  readonly now?: () => Date;
  /** A free one when absent. */
  readonly port?: number;
  /** Of refused nonces and of the order of lists; 1 when absent. */
  readonly seed?: number;
  /** The first one is for orders that ask for none. Empty: the directory names none and certificates last 90 days. */
  readonly profiles?: Readonly<Record<string, Profile>>;
  /** Names for CAA records; `ca.rehearsal.internal` when absent. */
  readonly caaIdentities?: readonly string[];
  /** Key identifier → MAC key, base64url (RFC 8555 §7.3.4). */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  readonly externalAccountRequired?: boolean;
  /** Names for which nothing is issued, nor for what is below them. */
  readonly forbidden?: readonly string[];
  /** A new order for the names and profile of one that is pending or ready is that order. */
  readonly reuseOrders?: boolean;
  /** A new order needs no new proof for a name that the account has proved within `authorizationHours`. */
  readonly reuseAuthorizations?: boolean;
  /** How long a proof is valid; 720 when absent. */
  readonly authorizationHours?: number;
  readonly limits?: Limits;
  /** False: the directory offers no renewal information. */
  readonly renewalInfo?: boolean;
  /** When absent, the middle third of the last third of the certificate's time. */
  readonly renewalWindow?: (notBefore: Date, notAfter: Date) => RenewalWindow;
  readonly faults?: AcmeFaults;
  /** Sees each request before it is handled; may answer in its place, or reject to close the connection. */
  readonly onRequest?: (request: AcmeRequest) => undefined | AcmeAnswer | Promise<undefined | AcmeAnswer>;
  /** Sees each answer after the request has taken effect; a CA that lies gives another one, and rejecting closes the connection. */
  readonly onAnswer?: (
    request: AcmeRequest,
    answer: AcmeAnswer,
  ) => undefined | AcmeAnswer | Promise<undefined | AcmeAnswer>;
}

export interface IssuedCertificate {
  readonly names: readonly string[];
  /** Hexadecimal, upper case, as node:crypto's X509Certificate has it. */
  readonly serial: string;
  /** The certificate alone. */
  readonly pem: string;
  readonly profile: string;
  readonly account: string;
  readonly order: string;
  /** RFC 9773 §4.1. */
  readonly id: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly revoked: boolean;
}

export interface AcmeCa {
  /** URL of the directory: `https://127.0.0.1:<port>/directory`. */
  readonly directory: string;
  /** PEM: what to trust to talk to the API. */
  readonly tlsCa: string;
  /** PEM: what the issued chains lead to. */
  readonly root: string;
  readonly accounts: () => readonly {
    readonly url: string;
    readonly status: string;
    readonly contact: readonly string[];
  }[];
  readonly orders: () => readonly {
    readonly url: string;
    readonly status: string;
    readonly names: readonly string[];
    readonly profile: string;
    readonly replaces?: string;
  }[];
  /** Everything that was ever issued, oldest first. */
  readonly certificates: () => readonly IssuedCertificate[];
  /** Replaces the faults; `{}` ends them. */
  readonly setFaults: (faults: AcmeFaults) => void;
  /** Moves the suggested window of one certificate; without a window to the past hour, as before a revocation. */
  readonly moveRenewal: (serial: string, window?: RenewalWindow) => void;
  readonly close: () => Promise<void>;
}

const DAY = 24;

/** What Let's Encrypt offers. */
export const PROFILES: Readonly<Record<string, Profile>> = {
  classic: { description: "The same profile as before there were profiles", hours: 90 * DAY, commonName: true },
  tlsserver: { description: "For servers that need no more than TLS", hours: 45 * DAY },
  shortlived: { description: "As tlsserver, for less than a week", hours: 160 },
};

/** How Let's Encrypt limits and reuses; its window (RFC 9773) lies around two thirds of the lifetime, half for short ones. */
export const LETS_ENCRYPT: Pick<AcmeOptions, "limits" | "reuseOrders" | "reuseAuthorizations" | "renewalWindow"> = {
  limits: {
    certificatesPerSet: { count: 5, hours: 7 * DAY },
    failedValidations: { count: 5, hours: 1 },
    newOrders: { count: 300, hours: 3 },
  },
  reuseOrders: true,
  reuseAuthorizations: true,
  renewalWindow: (notBefore, notAfter) => {
    const life = notAfter.getTime() - notBefore.getTime();
    const ideal = notAfter.getTime() - life / (life < 10 * DAY * 3_600_000 ? 2 : 3);
    return { start: new Date(ideal - life / 100), end: new Date(ideal + life / 100) };
  },
};
