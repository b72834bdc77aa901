import { blank } from "../core/blank.ts";
import { absolute, type RecordSet, type Zone, zoneLabel } from "../ports/zones.ts";
import type { Challenges } from "./challenges.ts";
import type { BaseTools, ChangeBase, ChangeKind } from "./kind.ts";

/**
 * TXT record sets of one zone by which a CA sees that names are ours. They exist for the time of an order. Whoever orders writes them, as the CA
 * alone knows their values, and may write no others.
 */
export interface ChallengeChange extends ChangeBase {
  readonly kind: "challenge";
  readonly action: "create";
  readonly zone: Zone;
  /** Relative to the zone. */
  readonly names: readonly string[];
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
  covers: (agreed, now) => now.names.every((name) => agreed.names.includes(name)),
  // Before the certificate, which is ordered by them.
  wave: () => 2,
  requires: ({ zone, names }) => ({
    rights: [],
    records: [{ zone, sets: names.map((name) => ({ to: setOf(name) })) }],
  }),
  differences: ({ zone, names }) => names.map((name) => ({ path: `${absolute(zone, name)} TXT`, to: VALUE })),
  content: ({ names }) => names,
  apply: async (change, { challenges }) => challenges.allow(change.zone, change.names),
  temporary: {
    is: () => true,
    end: ({ zone, names }, { challenges }) => challenges.clear(zone, names),
  },
};
