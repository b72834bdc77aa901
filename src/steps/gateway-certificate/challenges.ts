import type { Copy } from "../../certificates/acme/types.ts";
import type { ChallengeChange } from "../../changes/index.ts";
import type { Place } from "../../dns/place.ts";
import { relativeTo, sameContent, type Zone } from "../../ports/zones.ts";
import type { Publication } from "../records/publication.ts";

export interface ChallengesOptions {
  /** No step of the run publishes the domain's own wildcards. Otherwise those come first and leave nothing to hide in the domain's own zone. */
  readonly alone: boolean;
  /** Copies of orders that no run has finished. */
  readonly left?: readonly Copy[];
}

/** What a CA looks at to see that these names are ours, zone by zone, and beside it copies of what that would hide of a wildcard (rule 17). */
export const plannedChallenges = async (
  names: readonly string[],
  { places, zone: own, zones }: Publication,
  { alone, left = [] }: ChallengesOptions,
): Promise<readonly ChallengeChange[]> => {
  const found = await Promise.all(names.map(places.challenge));
  const { copiesFor } = await import("../../dns/shadows.ts");
  const known = new Map([...left, ...found].map(({ zone }) => [zone.id, zone]));
  return Promise.all(
    [...known.values()].map(async (zone): Promise<ChallengeChange> => {
      const relative = namesIn(zone, found);
      const copies = alone || zone.id !== own.id ? await copiesFor(zone, relative, zones) : [];
      const others = left.flatMap((copy) => (copy.zone.id === zone.id ? [copy.set] : []));
      const more = others.filter((set) => !copies.some((copy) => sameContent(copy, set)));
      return { kind: "challenge", action: "create", zone, names: relative, copies: [...copies, ...more] };
    }),
  );
};

const namesIn = (zone: Zone, places: readonly Place[]): readonly string[] => [
  ...new Set(places.flatMap((place) => (place.zone.id === zone.id ? [relativeTo(zone, place.name)] : []))),
];
