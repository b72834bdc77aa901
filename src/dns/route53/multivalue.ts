import { dig } from "../../ports/dig.ts";
import { UserError } from "../../ports/error.ts";
import type { RecordSet, RecordSetChange, ValueWish } from "../../ports/zones.ts";
import type { Route53Set } from "./record-sets.ts";

/** Seconds. */
const TTL = 60;

/** Beside sets with routing a plain one cannot stand; each of our values gets a set of its own, as others do it. */
export const amended = (
  name: string,
  sets: readonly Route53Set[],
  { wanted, unwanted }: ValueWish,
): readonly RecordSetChange[] | undefined => {
  const [first] = sets;
  if (!first || !sets.some(({ routing }) => routing)) return undefined;
  const other = sets.find(({ routing }) => routing?.policy !== "multivalue");
  const fresh = wanted.filter((value) => !sets.some(({ values }) => values.includes(value)));
  if (other && fresh.length > 0) throw routed(name, other.routing?.policy ?? "simple");
  const toSet = (value: string): Route53Set => ({
    name: first.name,
    type: first.type,
    ttl: TTL,
    values: [value],
    routing: { policy: "multivalue", id: `kn-bootstrap-${value}` },
  });
  return [
    ...sets
      .filter(({ values }) => values.length > 0 && values.every((value) => unwanted.includes(value)))
      .map((from: RecordSet) => ({ from })),
    ...fresh.map((value) => ({ to: toSet(value) })),
  ];
};

const routed = (name: string, policy: string): UserError =>
  new UserError({
    id: "acme.challenge-routing",
    what: `${name} has TXT records with ${policy} routing; a challenge cannot be written beside them.`,
    why: "The provider allows one routing policy for a name and type.",
    remedy: {
      text: "Remove them, or write them with multivalue routing. What is there:",
      command: dig(["TXT"], name),
    },
    kind: "failed",
  });
