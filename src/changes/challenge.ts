import { blank } from "../core/blank.ts";
import { absolute, type RecordSet, sameContent, type Zone, zoneLabel } from "../ports/zones.ts";
import type { Challenges } from "./challenges.ts";
import type { BaseTools, ChangeBase, ChangeKind } from "./kind.ts";
import { recordName } from "./records.ts";

/**
 * TXT record sets of one zone by which a CA sees that names are ours, and copies of what they would hide of a wildcard (rule 17). They exist for the
 * time of an order. Whoever orders writes them, as the CA alone knows the values, and may write no others.
 */
export interface ChallengeChange extends ChangeBase {
  readonly kind: "challenge";
  readonly action: "create";
  readonly zone: Zone;
  /** Relative to the zone. */
  readonly names: readonly string[];
  readonly copies: readonly RecordSet[];
}

export interface ChallengeTools extends BaseTools {
  readonly challenges: Challenges;
}

const VALUE = blank("the value that the CA asks for");

/** Seconds. */
const TTL = 60;

const setOf = (name: string): RecordSet => ({ name, type: "TXT", ttl: TTL, values: [VALUE] });

export const challenge: ChangeKind<ChallengeChange, ChallengeTools> = {
  kind: "challenge",
  subject: ({ zone }) => `challenge records in zone ${zoneLabel(zone)}`,
  article: "the ",
  done: "written",
  target: ({ zone }) => `challenges in ${zone.id}`,
  ref: () => undefined,
  covers: (agreed, now) =>
    now.names.every((name) => agreed.names.includes(name)) &&
    now.copies.every((set) => agreed.copies.some((other) => sameContent(set, other))),
  // Before the certificate, which is ordered by them.
  wave: () => 2,
  requires: ({ zone, names, copies }) => ({
    rights: [],
    records: [{ zone, sets: [...names.map(setOf), ...copies].map((to) => ({ to })) }],
  }),
  differences: ({ zone, names, copies }) => [
    ...names.map((name) => ({ path: `${absolute(zone, name)} TXT`, to: VALUE })),
    ...copies.map((to) => ({ path: recordName(zone, { to }), to: to.values.join(", ") || "as the wildcard above" })),
  ],
  content: ({ names, copies }) => [names, copies],
  apply: async ({ zone, names, copies }, { challenges }) => challenges.allow(zone, names, copies),
  temporary: {
    is: () => true,
    end: ({ zone, names, copies }, { challenges }) => challenges.clear(zone, names, copies),
  },
};
