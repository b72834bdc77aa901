/** An ACME certificate authority (RFC 8555), as the issuer uses it: DNS-01 only. Every function is one or few requests; none waits. */

export interface DirectoryInfo {
  readonly termsOfService?: string;
  /** Names for CAA records (RFC 8659). */
  readonly caaIdentities: readonly string[];
  readonly externalAccountRequired: boolean;
  /** Profile → what it is (draft-ietf-acme-profiles). Empty: the CA has none. */
  readonly profiles: Readonly<Record<string, string>>;
  /** Whether it offers renewal information (RFC 9773). */
  readonly hasRenewalInfo: boolean;
}

export type OrderStatus = "pending" | "ready" | "processing" | "valid" | "invalid";

export interface Order {
  readonly url: string;
  readonly status: OrderStatus;
  /** When it ends by itself. */
  readonly expires?: Date;
  readonly names: readonly string[];
  /** Why it is invalid. */
  readonly problem?: AcmeProblem;
  /** From Retry-After: looking earlier is of no use (RFC 8555 §7.4). */
  readonly retryAfter?: Date;
}

export interface Authorization {
  readonly url: string;
  /** Without `*.`. */
  readonly name: string;
  readonly wildcard: boolean;
  readonly status: "pending" | "valid" | "invalid" | "deactivated" | "expired" | "revoked";
  readonly retryAfter?: Date;
  /** Absent: the CA does not offer DNS-01 for it. */
  readonly challenge?: {
    readonly url: string;
    readonly status: "pending" | "processing" | "valid" | "invalid";
    /** The value of the TXT record at `_acme-challenge.<name>` (RFC 8555 §8.4). */
    readonly txt: string;
    readonly problem?: AcmeProblem;
  };
}

/** A problem document (RFC 7807) of the CA. */
export interface AcmeProblem {
  /** `rateLimited`, `caa`, `unauthorized`, `badNonce` …: without `urn:ietf:params:acme:error:`. */
  readonly type: string;
  readonly detail: string;
  readonly status?: number;
  /** From Retry-After. */
  readonly retryAfter?: Date;
  readonly subproblems?: readonly { readonly type: string; readonly detail: string; readonly name?: string }[];
}

/** What a CA was asked for: the same type of problem means another thing in answer to another request. */
export type Asked =
  | "directory"
  | "account"
  | "account's end"
  | "account's key"
  | "order"
  | "authorization"
  | "challenge"
  | "certificate"
  | "renewal";

/** The CA said no. */
export class AuthorityError extends Error {
  readonly problem: AcmeProblem;
  readonly asked: Asked;
  /** Method and URL. */
  readonly request: string;
  constructor(problem: AcmeProblem, asked: Asked, request: string) {
    super(problem.detail);
    this.name = "AuthorityError";
    this.problem = problem;
    this.asked = asked;
    this.request = request;
  }
}

/** No answer, or only 5xx, after retries. */
export class AuthorityUnreachable extends Error {
  readonly server: string;
  /** Whether it may be well later by itself. */
  readonly isPassing: boolean;
  constructor(server: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "AuthorityUnreachable";
    this.server = server;
    const code = String((cause as NodeJS.ErrnoException | undefined)?.code ?? "");
    // Trying again does not make a certificate trusted, nor a name exist.
    this.isPassing = !/CERT|SIGNATURE|ALTNAME|ENOTFOUND/.test(code);
  }
}

/** What answered is no CA, or a broken one: nothing of it is used, and what was asked may have been done. */
export class AuthorityBroken extends AuthorityUnreachable {
  override readonly isPassing = false;
}

export interface ExternalAccount {
  readonly kid: string;
  /** base64url, as CAs print it. */
  readonly hmacKey: string;
}

/**
 * Errors of every function: {@link AuthorityError}, {@link AuthorityUnreachable}. A rejected nonce is tried again inside, as often as it
 * takes within the time of one request.
 */
export interface Authority {
  /** URL of the directory. */
  readonly url: string;
  readonly directory: (signal?: AbortSignal) => Promise<DirectoryInfo>;
  /** The account of this key: found, else made (agreeing to the terms). PEM (PKCS #8). Resolves to its URL. */
  readonly register: (
    key: string,
    options: { readonly email?: string; readonly external?: ExternalAccount },
    signal?: AbortSignal,
  ) => Promise<string>;
  readonly account: (key: string, url: string) => Account;
  /** The window in which this certificate (PEM) should be replaced (RFC 9773). Undefined: the CA does not say. */
  readonly renewalInfo: (
    certificate: string,
    signal?: AbortSignal,
  ) => Promise<{ readonly start: Date; readonly end: Date; readonly explanation?: string } | undefined>;
}

export interface Account {
  readonly newOrder: (
    order: {
      readonly names: readonly string[];
      readonly profile?: string;
      /** PEM of the certificate that it replaces (RFC 9773 §5). */
      readonly replaces?: string;
    },
    signal?: AbortSignal,
  ) => Promise<Order>;
  readonly order: (url: string, signal?: AbortSignal) => Promise<Order>;
  readonly authorizations: (order: Order, signal?: AbortSignal) => Promise<readonly Authorization[]>;
  /** Tells the CA to look at the challenge. */
  readonly answer: (authorization: Authorization, signal?: AbortSignal) => Promise<void>;
  /** `csr`: PEM. */
  readonly finalize: (order: Order, csr: string, signal?: AbortSignal) => Promise<Order>;
  /** PEM chain, the certificate first. The order must be valid. */
  readonly certificate: (order: Order, signal?: AbortSignal) => Promise<string>;
  /** From then on the account answers to the new key (RFC 8555 §7.3.5). PEM. */
  readonly rollKey: (newKey: string, signal?: AbortSignal) => Promise<void>;
  readonly deactivate: (signal?: AbortSignal) => Promise<void>;
}
