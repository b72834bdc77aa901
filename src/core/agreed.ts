import { UserError } from "../ports/error.ts";
import type { ChangeBase } from "./change.ts";
import type { World } from "./world.ts";

/** Throws when `now` is not what was agreed with nothing but its blanks filled in; fewer changes are fine. */
export const assertAgreed = (
  now: readonly ChangeBase[],
  agreed: readonly ChangeBase[],
  kindOf: World["kindOf"],
  takeOwnership: boolean,
): void => {
  const targetOf = (change: ChangeBase): string => `${change.action} ${kindOf(change).target(change)}`;
  const shown = new Map(agreed.map((change) => [targetOf(change), change]));
  for (const change of now) {
    const earlier = shown.get(targetOf(change));
    if (!earlier || !covers(earlier, change, kindOf, takeOwnership))
      throw unagreed(change, kindOf(change).subject(change), earlier);
  }
};

const covers = (agreed: ChangeBase, now: ChangeBase, kindOf: World["kindOf"], takeOwnership: boolean): boolean => {
  const known = new Set(agreed.conflicts?.map(({ path }) => path));
  if (!takeOwnership && now.conflicts?.some(({ path }) => !known.has(path))) return false;
  return agreed.kind === now.kind && kindOf(now).covers(agreed, now);
};

const unagreed = (change: ChangeBase, subject: string, earlier: ChangeBase | undefined): UserError =>
  new UserError({
    id: "run.unagreed",
    what: `The cluster changed after the plan was shown: ${change.action} of ${subject} ${earlier ? "is no longer what was agreed" : "was not in it"}.`,
    why:
      change.conflicts && change.conflicts.length > 0
        ? `${change.conflicts
            .map(({ path, owner }) => `${path} is now owned by ${owner}`)
            .join("; ")}. Nothing is changed that was not shown.`
        : "Nothing is changed that was not shown.",
    remedy: { text: "Run the same command again and look at the new plan; what is done is kept." },
    kind: "failed",
  });
