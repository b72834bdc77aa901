import type { Waiting } from "../ports/outage.ts";
import type { WorldRead } from "../ports/world.ts";
import type { ChangeBase, Goal, StepPlan } from "./change.ts";
import type { Check } from "./check.ts";
import type { EngineKind } from "./kind.ts";
import type { StepBase } from "./step.ts";
import type { OnReason, Watch } from "./wait.ts";

/** One try of a change. */
export interface Attempt {
  /** Tried before, with an answer that left open whether it was done. */
  readonly again?: boolean;
  readonly onWaiting: OnReason;
  readonly signal: AbortSignal;
}

/** The world that a run reads and changes, as the engine needs it. Only `carryOut` and `end` change it. */
export interface World<S extends StepBase = StepBase> {
  readonly cluster: WorldRead;
  readonly watch: Watch;
  readonly kindOf: (change: ChangeBase) => EngineKind;
  /** The changes of one step as things stand now. */
  readonly replan: (step: S, agreed: StepPlan, goal: Goal) => Promise<readonly ChangeBase[]>;
  /** Carries out a change. Called again after an answer that was lost. */
  readonly carryOut: (change: ChangeBase, attempt: Attempt) => Promise<void>;
  /** Takes away what a temporary change has made. */
  readonly end: (change: ChangeBase) => Promise<void>;
  /** For each step anew: what an error says about a change that could not be carried out. */
  readonly refusals: () => (error: unknown, change: ChangeBase) => Promise<Waiting | { readonly final: Error }>;
  /** What has to be gone before a change is tried, or tried again after `error`. */
  readonly obstacle: (change: ChangeBase, error?: unknown) => Check | undefined;
}
