import { type Check, type Finding, type ReadContext, skipped } from "../core/check.ts";
import { errorOf, findingOf, isBad } from "../core/finding-error.ts";
import { runCheck } from "../core/wait.ts";
import { UserError } from "../ports/error.ts";
import { told } from "../ports/outside.ts";

export interface Judged<C extends ReadContext> {
  readonly check: Check<C>;
  readonly finding: Finding;
  /** The check that had to hold first and does not: this one was not judged. */
  readonly because?: Check["id"];
}

type Needing<C extends ReadContext> = Check<C> & { readonly needs?: readonly Check["id"][] };

/**
 * Looks once, at everything at once, at each after what it needs. Where a need does not hold, what needs it is skipped because of it. Needs
 * that are not among `checks` are not looked at. `look` runs one of them; an error with words of its own is what was found. `before`: what
 * was found earlier, which they may need as well.
 */
export const runChecks = <C extends ReadContext>(
  checks: readonly Needing<C>[],
  ctx: C,
  look: (check: Check<C>, ctx: C) => Promise<Finding> = runCheck,
  before: readonly Judged<C>[] = [],
): Promise<readonly Judged<C>[]> => {
  const broke = brokenIn(before);
  const running = new Map<Needing<C>, Promise<Outcome>>();
  const start = (check: Needing<C>): Promise<Outcome> => {
    const begun = running.get(check) ?? judge(check);
    running.set(check, begun);
    return begun;
  };
  const judge = async (check: Needing<C>): Promise<Outcome> => {
    const needs = checks.filter(({ id }) => check.needs?.includes(id));
    const outcomes = await Promise.all(needs.map(start));
    const broken =
      broke.find(({ id }) => check.needs?.includes(id)) ?? needs.find((_need, index) => outcomes[index]?.isBroken);
    if (broken) return { finding: skipped(`because of ${broken.id}`), because: broken.id, isBroken: true };
    const finding = await look(check, ctx).catch(inWords);
    return { finding, isBroken: finding.status === "fail" };
  };
  return Promise.all(
    checks.map(async (check) => {
      const { isBroken: _broken, ...outcome } = await start(check);
      return { check, ...outcome };
    }),
  );
};

const brokenIn = <C extends ReadContext>(judged: readonly Judged<C>[]): readonly Check<C>[] =>
  judged.flatMap(({ check, finding, because }) => (finding.status === "fail" || because ? [check] : []));

interface Outcome extends Omit<Judged<never>, "check"> {
  /** It does not hold, or was skipped because of one that does not. */
  readonly isBroken: boolean;
}

/** Anything else is a bug. */
const inWords = (thrown: unknown): Finding => {
  const error = told(thrown);
  if (error instanceof UserError) return findingOf(error);
  throw error;
};

/**
 * Looks at one after the other and throws the first that does not hold as an error: `otherwise` says of which kind, where the finding does
 * not. What goes wrong while looking goes on up as it is.
 */
export const demand = async <C extends ReadContext>(
  checks: readonly Check<C>[],
  ctx: C,
  otherwise: Parameters<typeof errorOf>[2] = { why: "Nothing was changed.", kind: "failed" },
): Promise<void> => {
  for (const check of checks) {
    const finding = await check.run(ctx, new Map());
    if (isBad(finding)) throw errorOf(check, finding, otherwise);
  }
};
