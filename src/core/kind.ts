import type { ChangeBase } from "./change.ts";
import type { Check } from "./check.ts";

/** What the engine knows of a kind of change. */
export interface EngineKind<C extends ChangeBase = ChangeBase> {
  readonly kind: C["kind"];
  /** For people: what a change is about. `certificate for *.example.com` */
  readonly subject: (change: C) => string;
  /** How a sentence says that it was done: `… could not be written`. */
  readonly done: string;
  /** Its identity within a plan, besides the action. */
  readonly target: (change: C) => string;
  /**
   * Whether `now`, of the same target, is the agreed change with nothing but its blanks filled in (rule 3). Conflicts are compared already.
   */
  readonly covers: (agreed: C, now: C) => boolean;
  /** When it is carried out within its step: lower numbers first, the same at once. Objects have 0 to 6, their removals -1000 to -900. */
  readonly wave: (change: C) => number;
  /** Absent: what these changes make lasts. */
  readonly temporary?: {
    /** Whether this one exists during the run only (rule 8). */
    readonly is: (change: C) => boolean;
  };
  /** What has to hold before the changes of one wave are carried out, and after. */
  readonly before?: (changes: readonly C[]) => Check | undefined;
  readonly after?: (changes: readonly C[]) => Check | undefined;
}
