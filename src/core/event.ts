import type { Remedy } from "../ports/error.ts";
import type { Lines } from "../ports/shell.ts";
import type { ChangeBase, Plan } from "./change.ts";

/** What the engine says while it works. Reporters render it; nothing else in the engine speaks. */
export type Event =
  | { readonly type: "target"; readonly context: string; readonly server: string; readonly version: string }
  | { readonly type: "note"; readonly level: "info" | "warning"; readonly text: string }
  | { readonly type: "download"; readonly file: string; readonly bytes: number; readonly total?: number }
  | {
      readonly type: "check";
      readonly id: string;
      readonly title: string;
      readonly status: string;
      readonly summary: string;
      readonly remedy?: Remedy;
    }
  | { readonly type: "plan"; readonly plan: Plan }
  | { readonly type: "step-started"; readonly step: string; readonly title: string; readonly changes: number }
  | { readonly type: "change-done"; readonly step: string; readonly change: ChangeBase }
  | {
      readonly type: "waiting";
      readonly step: string;
      readonly check: string;
      readonly reason: string;
      /** To be copied meanwhile: what somebody has to publish. */
      readonly lines?: Lines;
      readonly remedy?: Remedy;
    }
  | {
      readonly type: "step-done";
      readonly step: string;
      readonly title: string;
      readonly seconds: number;
      readonly summary: string;
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
