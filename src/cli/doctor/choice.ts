import { CANARY_CHECKS } from "../../checks/canary/index.ts";
import type { HealthCheck } from "../../checks/health-check.ts";
import { didYouMean } from "../../config/similar.ts";
import { UserError } from "../../ports/error.ts";
import { CHECKS } from "../../steps/index.ts";

/** What doctor can look at, those of the canary last. */
export const doctorChecks: readonly HealthCheck[] = [...CHECKS.filter((check) => !check.isForecast), ...CANARY_CHECKS];

/** The part of a check's id before the dot. */
export const areaOf = (id: string): string => id.slice(0, id.indexOf("."));

/** Throws UserError (input) for a name that is no check's id and no area. */
const assertKnown = (all: readonly HealthCheck[], names: readonly string[], flag: string): void => {
  const known = [...new Set(all.flatMap(({ id }) => [areaOf(id), id]))];
  const odd = names.find((name) => !known.includes(name));
  if (odd === undefined) return;
  throw new UserError({
    id: "doctor.check",
    what: `${flag} ${odd}: there is no such check, and no such area.`,
    remedy: didYouMean(odd, known, "kn-bootstrap doctor --list-checks lists them."),
    kind: "input",
  });
};

/** The checks that were asked for, with those that they need; all when nobody asked. Throws UserError (input) for names that are unknown. */
export const chosenChecks = (
  all: readonly HealthCheck[],
  { checks = [], skip = [] }: { readonly checks?: readonly string[]; readonly skip?: readonly string[] },
): readonly HealthCheck[] => {
  assertKnown(all, checks, "--check");
  assertKnown(all, skip, "--skip");
  const named = (names: readonly string[]) => (id: string) => names.includes(id) || names.includes(areaOf(id));
  const isWanted = checks.length === 0 ? () => true : named(checks);
  const wanted = new Set(all.filter(({ id }) => isWanted(id)));
  // What is needed stands earlier in the list.
  for (const check of all.toReversed())
    if (wanted.has(check)) for (const one of all) if (check.needs?.includes(one.id)) wanted.add(one);
  return all.filter((check) => wanted.has(check) && !named(skip)(check.id));
};

/** The check of this id. Throws UserError (input) when there is none. */
export const checkCalled = (all: readonly HealthCheck[], id: string): HealthCheck => {
  const found = all.find((check) => check.id === id);
  if (found) return found;
  assertKnown(all, [id], "--explain");
  throw new UserError({
    id: "doctor.check",
    what: `--explain ${id}: that is an area.`,
    remedy: `It has ${all.flatMap((check) => (areaOf(check.id) === id ? [check.id] : [])).join(", ")}.`,
    kind: "input",
  });
};
