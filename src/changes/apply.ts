import { hasBlank } from "../core/blank.ts";
import type { ChangeBase } from "../core/change.ts";
import { type ApplyTools, kindOf } from "./index.ts";

/** The one place from which the world is changed. */
export const applyChange = async (change: ChangeBase, tools: ApplyTools): Promise<void> => {
  const kind = kindOf(change);
  if (change.action !== "delete" && hasBlank(kind.content(change))) {
    throw new Error(`${change.kind} change still has a blank when it is applied`);
  }
  return kind.apply(change, tools);
};
