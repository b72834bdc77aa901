import type { RecordSet } from "../ports/zones.ts";

/** Who keeps a record set, as far as markers in the zone tell. ACME clients leave none. */
export type Owner =
  | { readonly kind: "ours" }
  /** A kn-bootstrap of another cluster. */
  | { readonly kind: "cluster"; readonly id: string }
  | { readonly kind: "external-dns"; readonly owner: string; readonly resource?: string }
  | { readonly kind: "nobody" };

const MARK = "_kn-bootstrap";

/** The TXT beside the records of a domain (rule 19), absolute or relative as the domain is; `*.apps` and `apps` share one. */
export const markerName = (domain: string): string => {
  const base = domain.replace(/^\*(\.|$)/, "");
  return base === "" || base === "@" ? MARK : `${MARK}.${base}`;
};

/** The marker's value. `clusterUid` is that of namespace kube-system. */
export const markerValue = (clusterUid: string): string => `heritage=kn-bootstrap,id=${clusterUid}`;

/** `key=value` pairs by comma, as both heritages write them; some providers keep the quotes. */
const fieldsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .replace(/^"(.*)"$/, "$1")
      .split(",")
      .map((pair) => {
        const at = pair.indexOf("=");
        return at < 0 ? [pair.trim(), ""] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      }),
  );

/** The id of the cluster that wrote a marker. Undefined: it is none of ours. */
export const parseMarker = (value: string): { readonly id: string } | undefined => {
  const fields = fieldsOf(value);
  const id = fields.get("id");
  return fields.get("heritage") === "kn-bootstrap" && id ? { id } : undefined;
};

const parseExternal = (value: string): { readonly owner: string; readonly resource?: string } | undefined => {
  const fields = fieldsOf(value);
  const owner = fields.get("external-dns/owner");
  if (fields.get("heritage") !== "external-dns" || owner === undefined) return undefined;
  const resource = fields.get("external-dns/resource");
  return { owner, ...(resource ? { resource } : {}) };
};

/**
 * Who keeps the record sets of `name`. `sets` are all of the zone at or below the domain, TXT among them; names relative to the zone. Their
 * own marker counts before any of external-dns, which is read in each of its forms: at the name itself (before 0.18), with the record type before
 * the first label (`a-www`, `cname-www`), and with a prefix or suffix of the user's.
 */
export const recordOwner = (sets: readonly RecordSet[], name: string, clusterUid: string): Owner => {
  const texts = sets.filter(({ type }) => type === "TXT");
  const marker = texts
    .filter((set) => set.name === markerName(name) || (set.name === name && name.startsWith(MARK)))
    .flatMap(({ values }) => values.flatMap((value) => parseMarker(value) ?? []));
  const ours = marker.find(({ id }) => id === clusterUid);
  if (ours) return { kind: "ours" };
  const [other] = marker;
  if (other) return { kind: "cluster", id: other.id };

  const names = [...new Set([...sets.filter(({ type }) => type !== "TXT").map((set) => set.name), name])];
  for (const set of texts) {
    const found = set.values.flatMap((value) => parseExternal(value) ?? [])[0];
    if (found && markedBy(set.name, names) === name) return { kind: "external-dns", ...found };
  }
  return { kind: "nobody" };
};

/** What `--txt-wildcard-replacement` is usually set to. */
const WILDCARD_WORDS: readonly string[] = ["any", "wildcard", "star", "asterisk"];

const splitFirst = (name: string): readonly [string, string] => {
  const at = name.indexOf(".");
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
};

/** The name that a registry's TXT speaks of: the longest that its own contains. */
const markedBy = (text: string, names: readonly string[]): string | undefined => {
  const [label, parent] = splitFirst(text);
  return names
    .filter((name) => {
      if (name === text || text.endsWith(`.${name}`)) return true;
      const [first, above] = splitFirst(name);
      if (above !== parent) return false;
      const words = first === "*" ? ["*", ...WILDCARD_WORDS] : [first];
      return words.some((word) => label.endsWith(word) || label.startsWith(word));
    })
    .sort((a, b) => Number(b === text) - Number(a === text) || b.length - a.length)[0];
};

/** For the plan and for refusals: `external-dns "prod" (ingress/default/shop)`. */
export const ownerWords = (owner: Owner): string => {
  switch (owner.kind) {
    case "ours":
      return "kn-bootstrap of this cluster";
    case "cluster":
      return `kn-bootstrap of another cluster (${owner.id})`;
    case "external-dns":
      return `external-dns "${owner.owner}"${owner.resource ? ` (${owner.resource})` : ""}`;
    case "nobody":
      return "somebody unknown";
  }
};
