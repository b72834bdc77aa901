import { type IssueTools, issueTools } from "../kube/store.ts";
import type { ObjectRef } from "../ports/object.ts";
import { type BaseTools, type ChangeBase, type ChangeKind, READ } from "./kind.ts";

/** An account at a CA: deactivated before its key goes (rule 11), or given a new key (rule 24). */
export interface AccountChange extends ChangeBase {
  readonly kind: "account";
  readonly action: "update" | "delete";
  /** URL of the CA's directory. */
  readonly directory: string;
  /** Where its key is. */
  readonly secret: ObjectRef;
}

export interface AccountTools extends BaseTools {
  /** Deactivates an account at its CA, or gives it a new key. */
  readonly settleAccount: (change: AccountChange, tools: IssueTools) => Promise<void>;
}

export const account: ChangeKind<AccountChange, AccountTools> = {
  kind: "account",
  subject: ({ directory }) => `the account at ${directory}`,
  article: "",
  done: "settled with the CA",
  target: ({ directory }) => `account at ${directory}`,
  ref: ({ secret }) => secret,
  covers: (agreed, now) => agreed.directory === now.directory,
  // While its key is still there.
  wave: () => -2000,
  requires: ({ action, secret }) => ({
    rights: [{ ...secret, verbs: action === "update" ? [...READ, "patch"] : READ }],
  }),
  differences: () => [],
  content: ({ secret }) => secret,
  apply: (change, tools) => tools.settleAccount(change, issueTools(tools)),
};
