import { without, ZoneMoved, type ZonesWrite } from "../ports/zones.ts";

/** How many tries there are when somebody else changes the zone in between. */
const TRIES = 5;

/** {@link ZonesWrite.withdraw} of a provider that reads all that stands in a zone. */
export const withdrawing =
  ({ get, change }: Pick<ZonesWrite, "get" | "change">): ZonesWrite["withdraw"] =>
  async (zone, sets, signal) => {
    const named = [...Map.groupBy(sets, ({ name, type }) => `${name} ${type}`).values()];
    for (let tries = 1; ; tries += 1) {
      const reads = named.map(async (same) => {
        const [first] = same;
        return first
          ? without(
              await get(zone, first.name, first.type),
              same.flatMap(({ values }) => values),
            )
          : [];
      });
      const changes = (await Promise.all(reads)).flat();
      if (changes.length === 0) return;
      try {
        await change(zone, changes, signal);
        return;
      } catch (error) {
        if (!(error instanceof ZoneMoved) || tries === TRIES) throw error;
      }
    }
  };
