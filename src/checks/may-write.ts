import type { RecordPlace, Zone, ZonesTrial } from "../ports/zones.ts";

/** A record that will be written. `types`: one of these, where the gateway's address decides. */
export interface Writing {
  readonly zone: Zone;
  /** Relative to it. */
  readonly name: string;
  readonly types: readonly RecordPlace["type"][];
}

/**
 * Tries without effect whether the credentials may write each of them. Resolves to how it was tried; undefined: it cannot be. Errors: as
 * ZonesTrial.rehearse.
 */
export const mayWrite = async (
  writings: readonly Writing[],
  zones: ZonesTrial,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const ways = new Set<string>();
  for (const [zone, same] of byZone(writings)) {
    const rehearse = async (records: readonly RecordPlace[]): Promise<void> => {
      const unique = [...new Map(records.map((place) => [`${place.name} ${place.type}`, place])).values()];
      const how = unique.length > 0 ? await zones.rehearse(zone, unique, signal) : undefined;
      if (how !== undefined) ways.add(how);
    };
    await rehearse(
      same.flatMap(({ name, types }) => (types.length === 1 ? types.map((type) => ({ name, type })) : [])),
    );
    for (const { name, types } of same.filter((writing) => writing.types.length > 1))
      await oneOf(types.map((type) => () => rehearse([{ name, type }])));
  }
  return ways.size > 0 ? [...ways].join("; ") : undefined;
};

const byZone = (writings: readonly Writing[]): readonly (readonly [Zone, readonly Writing[]])[] =>
  [...Map.groupBy(writings, ({ zone }) => zone.id).values()].flatMap((same) =>
    same[0] ? [[same[0].zone, same] as const] : [],
  );

/** The first that may be; else what was said of the first. */
const oneOf = async (tries: readonly (() => Promise<void>)[]): Promise<void> => {
  let refusal: unknown;
  for (const attempt of tries) {
    try {
      return await attempt();
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
};
