import { type Check, type Finding, type ReadContext, skipped } from "../core/check.ts";
import { runCheck } from "../core/wait.ts";

export interface Judged<C extends ReadContext> {
  readonly check: Check<C>;
  readonly finding: Finding;
  /** The check that had to hold first and does not: this one was not judged. */
  readonly because?: Check["id"];
}

type Needing<C extends ReadContext> = Check<C> & { readonly needs?: readonly Check["id"][] };

/**
 * Looks once, at everything at once, at each after what it needs. Where a need does not hold, what needs it is skipped because of it. Needs
 * that are not among `checks` are not looked at.
 */
export const runChecks = <C extends ReadContext>(
  checks: readonly Needing<C>[],
  ctx: C,
): Promise<readonly Judged<C>[]> => {
  const running = new Map<Needing<C>, Promise<Outcome>>();
  const start = (check: Needing<C>): Promise<Outcome> => {
    const begun = running.get(check) ?? judge(check);
    running.set(check, begun);
    return begun;
  };
  const judge = async (check: Needing<C>): Promise<Outcome> => {
    const needs = checks.filter(({ id }) => check.needs?.includes(id));
    const before = await Promise.all(needs.map(start));
    const broken = needs.find((_need, index) => before[index]?.isBroken);
    if (broken) return { finding: skipped(`because of ${broken.id}`), because: broken.id, isBroken: true };
    const finding = await runCheck(check, ctx);
    return { finding, isBroken: finding.status === "fail" || finding.status === "unknown" };
  };
  return Promise.all(
    checks.map(async (check) => {
      const { isBroken: _broken, ...outcome } = await start(check);
      return { check, ...outcome };
    }),
  );
};

interface Outcome extends Omit<Judged<never>, "check"> {
  /** It does not hold, or was skipped because of one that does not. */
  readonly isBroken: boolean;
}
