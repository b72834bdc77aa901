import type { Plan } from "../../core/change.ts";
import type { DirectoryInfo } from "../../ports/authority.ts";
import type { AccessQuestion } from "../../ports/cluster.ts";
import type { Remedy } from "../../ports/error.ts";
import type { Purpose } from "../cluster-role.ts";
import type { HealthContext } from "../health-check.ts";

/** Rights that are asked for one by one. */
export interface NamedRights {
  /** `renew`, or another command that needs them. */
  readonly purpose: string;
  readonly questions: readonly AccessQuestion[];
  /** Who can give them, and how. */
  readonly remedy: Remedy;
  /** As which error what is missing ends the command. Default: that of a renewal. */
  readonly error?: string;
}

export interface NamedContext extends HealthContext {
  readonly named?: NamedRights;
}

/** What is judged before the first write, and what it is judged by. */
export interface PlanContext extends NamedContext {
  readonly plan: Plan;
  /** The same from nothing: what it reads is read in every run, and what it needs is what an administrator is asked for. */
  readonly whole: Plan;
  readonly purpose: Purpose;
  /** Fields of others may be taken. */
  readonly takeOwnership: boolean;
  /** What the CA of the order says of itself, asked once. Undefined: it does not answer now. */
  readonly directory?: () => Promise<DirectoryInfo | undefined>;
  /** Whether an external account is given. Throws UserError for half of one. */
  readonly hasExternalAccount?: () => Promise<boolean>;
}
