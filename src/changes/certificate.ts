import { fills } from "../core/blank.ts";
import { type IssueTools, issueTools } from "../kube/store.ts";
import { few } from "../ports/few.ts";
import type { ObjectRef } from "../ports/object.ts";
import { type Action, type BaseTools, type ChangeBase, type ChangeKind, READ } from "./kind.ts";

/** A certificate to be issued (or removed) and kept in a Secret. */
export interface CertificateChange extends ChangeBase {
  readonly kind: "certificate";
  readonly action: Action;
  /** dNSNames, wildcards included. */
  readonly names: readonly string[];
  readonly secret: ObjectRef;
  /** Why: `missing`, `names changed`, `expires in 12 days`. */
  readonly reason: string;
  /** It only has to finish what a killed run began. */
  readonly resumes?: true;
  /** Who signs it: `Let's Encrypt`. */
  readonly issuer: string;
  /** Its order is kept in the cluster while it is under way, and removed after. */
  readonly isOrdered?: true;
  /** What else a reader must know: what it costs of a rate limit, the records that exist while it is issued. */
  readonly remarks?: readonly string[];
}

/**
 * Makes a certificate. Everything it must keep goes through `store` before it is used (rule 23); in the cluster it has no other way to
 * write.
 */
export type Issue = (change: CertificateChange, tools: IssueTools) => Promise<void>;

export interface CertificateTools extends BaseTools {
  readonly issue: Issue;
}

export const certificate: ChangeKind<CertificateChange, CertificateTools> = {
  kind: "certificate",
  subject: ({ names }) => `certificate for ${few(names)}`,
  article: "the ",
  done: "had",
  target: ({ secret }) => `certificate ${secret.namespace}/${secret.name}`,
  ref: ({ secret }) => secret,
  covers: (agreed, now) => fills(agreed.names, now.names),
  wave: () => 3,
  requires: ({ secret, isOrdered, names }) => ({
    rights: [{ ...secret, verbs: [...READ, "create", "patch", ...(isOrdered ? ["delete"] : [])] }],
    ...(isOrdered ? { proofs: names } : {}),
  }),
  // What the one before was like is in its reason.
  differences: ({ action, names, issuer }) =>
    action === "create"
      ? [
          { path: ".names", to: names },
          { path: ".issuer", to: issuer },
        ]
      : [],
  content: ({ names }) => names,
  apply: (change, tools) => tools.issue(change, issueTools(tools)),
};
