import type { Check } from "./check.ts";

/** What the engine knows of one part of the installation. How it is planned is the world's affair. */
export interface StepBase<Id extends string = string, Need extends string = string> {
  readonly id: Id;
  /** An imperative: `Install Kourier`. */
  readonly title: string;
  /** For the goal "absent": `Remove Kourier`. */
  readonly undo: string;
  /** Ids of the steps that come before. */
  readonly needs: readonly Need[];
  /** What must hold once it is carried out. */
  readonly verify: readonly Check[];
  /** What must hold once it is gone, besides its objects being gone. */
  readonly verifyAbsent?: readonly Check[];
}
