import type { Remedy } from "../ports/error.ts";
import type { RecordsTask, Seen } from "../ports/facts.ts";
import type { ChangeBase, Plan } from "./change.ts";
import type { Checked } from "./check.ts";

/** What the engine says while it works. Reporters render it; nothing else in the engine speaks. */
export type Event =
  | { readonly type: "target"; readonly context: string; readonly server: string; readonly version?: string }
  | { readonly type: "note"; readonly level: "info" | "warning"; readonly text: string }
  | { readonly type: "download"; readonly file: string; readonly bytes: number; readonly total?: number }
  | (Checked & { readonly type: "check" })
  | { readonly type: "plan"; readonly plan: Plan }
  | { readonly type: "step-started"; readonly step: string; readonly title: string; readonly changes: number }
  | { readonly type: "change-done"; readonly step: string; readonly change: ChangeBase }
  | (Seen & {
      readonly type: "waiting";
      readonly step: string;
      readonly check: string;
      readonly reason: string;
      readonly remedy?: Remedy;
    })
  /** Only a person can do this. What needs it waits, and goes on by itself. */
  | (RecordsTask & { readonly type: "person"; readonly step: string; readonly check: string })
  | {
      readonly type: "step-done";
      readonly step: string;
      readonly title: string;
      readonly seconds: number;
      /** What was carried out. */
      readonly changes: readonly ChangeBase[];
      /** What its checks came to. */
      readonly findings: readonly Checked[];
    }
  | {
      readonly type: "step-failed";
      readonly step: string;
      readonly title: string;
      readonly seconds: number;
      readonly error: string;
    }
  | { readonly type: "step-skipped"; readonly step: string; readonly title: string; readonly reason: string };

export type Emit = (event: Event) => void;
