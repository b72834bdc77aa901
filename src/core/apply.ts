import { hasBlank } from "./blank.ts";
import { type ApplyTools, type Change, kindOf } from "./changes/index.ts";

export type { Issue } from "./changes/certificate.ts";
export type { ApplyTools } from "./changes/index.ts";
export type { IssueTools } from "./changes/store.ts";

/** The one place from which the world is changed. */
export const applyChange = async (change: Change, tools: ApplyTools): Promise<void> => {
  const kind = kindOf(change);
  if (change.action !== "delete" && hasBlank(kind.content(change))) {
    throw new Error(`${change.kind} change still has a blank when it is applied`);
  }
  return kind.apply(change, tools);
};
