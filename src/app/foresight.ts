import { accountUrl, caaForbids } from "../certificates/acme/index.ts";
import { directoryOf } from "../certificates/index.ts";
import { kindOf, ofKind } from "../changes/index.ts";
import { hasBlank } from "../core/blank.ts";
import { type ChangeBase, changesOf, type Plan } from "../core/change.ts";
import { permits } from "../dns/caa.ts";
import type { DirectoryInfo } from "../ports/authority.ts";
import type { RecordPlace, Zone } from "../ports/zones.ts";
import type { Installation } from "../steps/installation.ts";
import { ADDRESS_TYPES } from "../steps/records/record-sets.ts";
import { directoryNow } from "./orderable.ts";
import type { Tools } from "./tools.ts";

/** A record that will be written. `types`: one of these, where the gateway's address decides. */
interface Writing {
  readonly zone: Zone;
  readonly name: string;
  readonly types: readonly RecordPlace["type"][];
}

/** The CA was asked already: what it said of itself, if it answered. */
interface Asked {
  readonly ca: DirectoryInfo | undefined;
}

/**
 * What can be known of the plan before its first write, beside what planning has looked at: whether the credentials may write each record, by a trial without
 * effect, and whether CAA lets the CA issue. Errors: as ZonesTrial.rehearse; `acme.caa` (exit code 2).
 */
export const assertForeseen = async (plan: Plan, install: Installation, tools: Tools, asked?: Asked): Promise<void> => {
  const { dns } = install;
  if (!dns || !tools.zones) return;
  await mayWrite(changesOf(plan).flatMap(writingsOf), tools);
  const names = orderedNames(plan);
  if (names.length > 0) await caaOf(names, install, tools, asked);
};

/** Those that a CA is to be asked for. */
const orderedNames = (plan: Plan): readonly string[] => [
  ...new Set(
    changesOf(plan)
      .filter(ofKind("certificate"))
      .flatMap(({ names, isOrdered }) => (isOrdered ? names : [])),
  ),
];

export const writingsOf = (change: ChangeBase): readonly Writing[] =>
  (kindOf(change).requires(change).records ?? []).flatMap(({ zone, sets }) =>
    sets
      .flatMap(({ from, to }) => [from, to].filter((set) => set !== undefined))
      .map(({ name, type }) => ({ zone, name, types: hasBlank(type) ? ADDRESS_TYPES : [type] })),
  );

/** Resolves to how it was tried; undefined: it cannot be. */
export const mayWrite = async (
  writings: readonly Writing[],
  { zones, signal }: Pick<Tools, "zones" | "signal">,
): Promise<string | undefined> => {
  const ways = new Set<string>();
  for (const same of Map.groupBy(writings, ({ zone }) => zone.id).values()) {
    const zone = same[0]?.zone;
    if (!zone || !zones) continue;
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

/** Throws `acme.caa` (exit code 2) when CAA forbids one of the names; else resolves to what was found of each. */
export const caaOf = async (
  names: readonly string[],
  install: Installation,
  tools: Tools,
  asked?: Asked,
): Promise<readonly string[]> => {
  const { config, dns, acmeCa } = install;
  const directory = directoryOf(config);
  if (!dns || directory === undefined) return [];
  const info = asked ? asked.ca : await directoryNow(directory, acmeCa, tools);
  if (!info) return ["not looked at, as the CA has not said under which name CAA records know it"];
  if (info.caaIdentities.length === 0) return ["the CA does not say under which name CAA records know it"];
  const account = await accountUrl(tools.cluster, directory);
  return Promise.all(
    names.map(async (name) => {
      const found = await dns.publication.places.caa(name.replace(/^\*\./, ""));
      if (found === "unknown") return `${name}: no name server of ${dns.publication.zone.name} can be asked from here`;
      if (found === "none") return `${name}: there are none`;
      const issuance = { wildcard: name.startsWith("*."), identities: info.caaIdentities, account };
      const shown = found.values.map((value) => `CAA ${value}`).join(", ");
      if (permits(found.values, issuance)) return `${name}: ${found.at} has ${shown}`;
      throw caaForbids(
        name,
        { directory, info, names, accountUrl: account },
        { why: `${found.at} has ${shown}. Nothing was changed.`, kind: "input" },
      );
    }),
  );
};
