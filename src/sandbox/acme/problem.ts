/** Problem documents (RFC 7807) with the error types of RFC 8555 §6.7 and their usual status. */

const STATUS = {
  accountDoesNotExist: 400,
  alreadyReplaced: 409,
  alreadyRevoked: 400,
  badCSR: 400,
  badNonce: 400,
  badPublicKey: 400,
  badRevocationReason: 400,
  badSignatureAlgorithm: 400,
  caa: 403,
  dns: 400,
  externalAccountRequired: 403,
  invalidContact: 400,
  invalidProfile: 400,
  malformed: 400,
  orderNotReady: 403,
  rateLimited: 429,
  rejectedIdentifier: 400,
  serverInternal: 500,
  unauthorized: 403,
  unsupportedContact: 400,
  userActionRequired: 403,
} as const;

export type ProblemType = keyof typeof STATUS;

export interface ProblemDocument {
  readonly type: string;
  readonly detail: string;
  readonly status: number;
  readonly identifier?: { readonly type: string; readonly value: string };
  readonly subproblems?: readonly Omit<ProblemDocument, "status">[];
  readonly algorithms?: readonly string[];
}

export const typeUrn = (type: string): string => `urn:ietf:params:acme:error:${type}`;

/** A refusal. `headers` go with it (Retry-After, Link, Location). */
export class Problem extends Error {
  readonly document: ProblemDocument;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    type: ProblemType,
    detail: string,
    more: {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly subproblems?: ProblemDocument["subproblems"];
      readonly algorithms?: readonly string[];
    } = {},
  ) {
    super(detail);
    this.name = "Problem";
    this.headers = more.headers ?? {};
    this.document = {
      type: typeUrn(type),
      detail,
      status: more.status ?? STATUS[type],
      ...(more.subproblems ? { subproblems: more.subproblems } : {}),
      ...(more.algorithms ? { algorithms: more.algorithms } : {}),
    };
  }
}

export const malformed = (detail: string, status = 400, headers: Readonly<Record<string, string>> = {}): Problem =>
  new Problem("malformed", detail, { status, headers });
export const notFound = (what: string): Problem => malformed(`No such ${what}`, 404);
export const unauthorized = (detail: string): Problem => new Problem("unauthorized", detail);
