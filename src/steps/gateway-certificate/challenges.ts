import type { ChallengeChange, RecordsChange } from "../../changes/index.ts";
import { absolute, relativeTo } from "../../ports/zones.ts";
import type { Publication } from "../records/publication.ts";

/** What a CA looks at to see that these names are ours, zone by zone. */
export const plannedChallenges = async (
  names: readonly string[],
  { places }: Publication,
): Promise<readonly ChallengeChange[]> => {
  const found = await Promise.all(names.map(places.challenge));
  return [...Map.groupBy(found, ({ zone }) => zone.id).values()].flatMap((same): readonly ChallengeChange[] => {
    const [first] = same;
    if (!first) return [];
    const { zone } = first;
    const relative = [...new Set(same.map(({ name }) => relativeTo(zone, name)))];
    return [{ kind: "challenge", action: "create", zone, names: relative }];
  });
};

/**
 * Copies of what challenges would hide of a wildcard (rule 17), to be published before them; they stay. `alone`: no step of the run publishes the domain's
 * own wildcards. Otherwise those come first and leave nothing to hide in the domain's own zone.
 */
export const copiesFor = async (
  challenges: readonly ChallengeChange[],
  { zone: own, zones }: Publication,
  alone: boolean,
): Promise<readonly RecordsChange[]> => {
  const hiding = challenges.filter(({ zone }) => alone || zone.id !== own.id);
  if (hiding.length === 0) return [];
  const { companionsOf, setsAround } = await import("../../dns/shadows.ts");
  const copies = hiding.map(async ({ zone, names }): Promise<readonly RecordsChange[]> => {
    const sets = companionsOf(
      zone,
      await setsAround({ zone, zones }, names),
      names.map((name) => absolute(zone, name)),
    );
    if (sets.length === 0) return [];
    return [{ kind: "records", action: "create", zone, sets: sets.map((to) => ({ to })), conflicts: [], shadows: [] }];
  });
  return (await Promise.all(copies)).flat();
};
