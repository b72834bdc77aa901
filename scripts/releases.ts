/**
 * Keeps `versions` and `digests` in manifests/releases.yaml right: computes digests from files, takes them from a table, compares them with
 * each release's own checksums.txt where GitHub (or a mirror) can be reached, prints what differs and, with --write, writes it down.
 *
 * A new version: name it under `minors` (or have it in the table), then run this with --write (and --from, if you have the files).
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf, UserError } from "../src/ports/error.ts";
import { compareVersions, minorOf } from "../src/ports/version.ts";
import { readIfThere } from "../src/releases/cache.ts";
import { catalogFile, parseCatalog } from "../src/releases/catalog.ts";
import { parseChecksums, sha256 } from "../src/releases/digest.ts";
import { download } from "../src/releases/download.ts";
import { environmentFetch } from "../src/releases/http.ts";

const USAGE = `node scripts/releases.ts [options]
  --from DIR           compute digests of DIR/<component>/<version>/<asset>
  --table FILE         take digests, and newer patches of known minors, from lines of component, version, asset, bytes, sha256 (tabs between)
  --offline            do not ask for the releases' checksums.txt
  --release-mirror URL ask there instead of https://github.com
  --write              write what was found into the catalog
  --catalog FILE       default: manifests/releases.yaml
Exit 1: something differs from the catalog (and was not written), or the sources contradict each other.
`;

const { values: flags } = parseArgs({
  options: {
    from: { type: "string" },
    table: { type: "string" },
    offline: { type: "boolean" },
    "release-mirror": { type: "string" },
    write: { type: "boolean" },
    catalog: { type: "string" },
    help: { type: "boolean" },
  },
});

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

interface Row {
  /** `<component>/<version>/<asset>` */
  readonly file: string;
  readonly recorded: string | undefined;
  readonly computed: string | undefined;
  readonly listed: string | undefined;
  readonly published: string | undefined;
}

/** `<component>/<version>/<asset>` → sha256 */
const readTable = async (file: string | undefined): Promise<ReadonlyMap<string, string>> => {
  const lines = file === undefined ? [] : (await readFile(file, "utf8")).split("\n").map((line) => line.split("\t"));
  return new Map(
    lines.flatMap(([component, version, asset, , digest]) =>
      digest && /^[0-9a-f]{64}$/.test(digest) ? [[`${component}/${version}/${asset}`, digest] as const] : [],
    ),
  );
};

/** The text with the newest patch of each component that a minor names, of those that are known. */
const withNewest = (text: string, known: readonly (readonly [component: string, version: string])[]): string =>
  text.replace(
    /^( {2}"([0-9.]+)": .*versions: \{)([^}]*)\}/gm,
    (_, before: string, minor: string, versions: string) => {
      const raised = versions.replace(/([\w-]+): ([0-9.]+)/g, (_pair, component: string, version: string) => {
        const patches = known.filter(([name, patch]) => name === component && minorOf(patch) === minor);
        return `${component}: ${[version, ...patches.map(([, patch]) => patch)].toSorted(compareVersions).at(-1)}`;
      });
      return `${before}${raised}}`;
    },
  );

const main = async (): Promise<number> => {
  const path = flags.catalog ?? (await catalogFile()).path;
  const before = await readFile(path, "utf8");
  const { minors, components } = parseCatalog(before, path);
  const table = await readTable(flags.table);
  const offered = (component: string, version: string): boolean =>
    components[component] !== undefined && minors.includes(minorOf(version) ?? "");
  const tabled = [...table.keys()]
    .map((file) => file.split("/") as [string, string])
    .filter(([component, version]) => offered(component, version));
  const text = withNewest(before, tabled);
  const catalog = parseCatalog(text, path);
  const fetch = environmentFetch(process.env);
  const mirror = flags["release-mirror"];

  const published = async (component: string, version: string): Promise<ReadonlyMap<string, string>> => {
    if (flags.offline) return new Map();
    const url = catalog.url(component, version, catalog.checksums, mirror);
    try {
      const bytes = await download(url, { fetch, signal: new AbortController().signal, attempts: 2, stall: 10_000 });
      return parseChecksums(new TextDecoder().decode(bytes));
    } catch (error) {
      say(`not compared: ${messageOf(error)} ${error instanceof UserError ? error.why : ""}`.trimEnd());
      return new Map();
    }
  };

  const rowsOf = async (component: string, version: string): Promise<readonly Row[]> => {
    const checksums = await published(component, version);
    return Promise.all(
      (components[component]?.assets ?? []).map(async (asset) => {
        const file = `${component}/${version}/${asset}`;
        const bytes = flags.from === undefined ? undefined : await readIfThere(join(flags.from, file));
        return {
          file,
          recorded: catalog.digest(component, version, asset),
          computed: bytes && sha256(bytes),
          listed: table.get(file),
          published: checksums.get(asset),
        };
      }),
    );
  };

  // Minors may share a version of a component that is not Knative's.
  const releases = [
    ...minors.flatMap((minor) => Object.entries(catalog.resolve(minor).versions)),
    ...catalog.files.map((file) => file.split("/") as [string, string]),
    ...tabled,
  ];
  const named = new Map(
    releases.map(([component, version]) => [`${component}/${version}`, [component, version] as const]),
  );
  const rows = (
    await Promise.all([...named.values()].map(([component, version]) => rowsOf(component, version)))
  ).flat();

  let contradictions = 0;
  let differences = text === before ? 0 : 1;
  if (text !== before) say("under minors there are not the newest versions");
  for (const { file, recorded, computed, listed, published } of rows) {
    const found = new Set([computed, listed, published].filter((digest) => digest !== undefined));
    const [first] = found;
    if (found.size > 1) {
      contradictions += 1;
      say(`${file}\n  the file here has ${computed}\n  the table has     ${listed}\n  checksums.txt     ${published}`);
    } else if (first === undefined) say(`${file}: no file, table or checksums.txt to compare with`);
    else if (first !== recorded) {
      differences += 1;
      say(`${file}\n  the catalog says ${recorded ?? "nothing"}\n  it should be     ${first}`);
    }
  }

  const seen = rows.filter((row) => row.published !== undefined).length;
  say(
    `${rows.length} assets, ${differences} differ, ${contradictions} contradictory, ${seen} compared with checksums.txt`,
  );
  if (contradictions > 0) return 1;
  if (!flags.write) return differences > 0 ? 1 : 0;

  const lines = rows
    .toSorted((a, b) => order(a.file, b.file))
    .flatMap(({ file, recorded, computed, listed, published }) => {
      const digest = computed ?? listed ?? published ?? recorded;
      return digest === undefined ? [] : [`  ${digest}  ${file}`];
    });
  const end = text.search(/^digests:/m);
  await writeFile(path, `${text.slice(0, end)}digests: |\n${lines.join("\n")}\n`);
  say(`${path} written`);
  return 0;
};

/** By component, then by version, then by asset. */
const order = (a: string, b: string): number => {
  const [component = "", version = "", asset = ""] = a.split("/");
  const [otherComponent = "", otherVersion = "", otherAsset = ""] = b.split("/");
  return (
    component.localeCompare(otherComponent, "en") ||
    compareVersions(version, otherVersion) ||
    asset.localeCompare(otherAsset, "en")
  );
};

if (flags.help) say(USAGE);
else process.exitCode = await main();
