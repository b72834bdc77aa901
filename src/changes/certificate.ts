import { fills } from "../core/blank.ts";
import { type IssueTools, issueTools } from "../kube/store.ts";
import { isUnsettled } from "../ports/error.ts";
import { few } from "../ports/few.ts";
import type { ObjectRef } from "../ports/object.ts";
import type { ZonesWrite } from "../ports/zones.ts";
import type { ChallengeTools } from "./challenge.ts";
import { type Action, type ChangeBase, type ChangeKind, READ } from "./kind.ts";

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
  /** What else a reader must know: what it costs of a rate limit, where its challenges are and why. */
  readonly remarks?: readonly string[];
}

/** What those get who order a certificate. */
export interface OrderTools extends IssueTools {
  /** Takes the challenges that the plan agreed on, and no other record. Absent: nothing that is planned writes records. */
  readonly zones?: ZonesWrite;
}

/**
 * Makes a certificate. Everything it must keep goes through `store` before it is used (rule 23); it has no other way to write to the cluster,
 * and none but `zones` to write to the DNS.
 */
export type Issue = (change: CertificateChange, tools: OrderTools) => Promise<void>;

export interface CertificateTools extends ChallengeTools {
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
  // After its challenges, and what is published for their sake.
  wave: () => 4,
  requires: ({ secret, isOrdered }) => ({
    rights: [{ ...secret, verbs: [...READ, "create", "patch", ...(isOrdered ? ["delete"] : [])] }],
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
  apply: async (change, tools) => {
    const { issue, challenges } = tools;
    const { zones } = challenges;
    try {
      await issue(change, { ...issueTools(tools), ...(zones ? { zones } : {}) });
    } catch (error) {
      if (isUnsettled(error)) challenges.keep();
      throw error;
    }
  },
};
