/**
 * Keeps the digests in manifests/releases.yaml right: computes them from files, compares them with each release's own checksums.txt
 * where GitHub (or a mirror) can be reached, prints what differs and, with --write, writes it down.
 *
 * A new version: name it under `minors`, then run this with --write (and --from, if you have the files).
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf, UserError } from "../src/ports/error.ts";
import { readIfThere } from "../src/releases/cache.ts";
import { catalogFile, parseCatalog } from "../src/releases/catalog.ts";
import { parseChecksums, sha256 } from "../src/releases/digest.ts";
import { download } from "../src/releases/download.ts";
import { environmentFetch } from "../src/releases/http.ts";

const USAGE = `node scripts/releases.ts [options]
  --from DIR           compute digests of DIR/<component>/<version>/<asset>
  --offline            do not ask for the releases' checksums.txt
  --release-mirror URL ask there instead of https://github.com
  --write              write what was found into the catalog
  --catalog FILE       default: manifests/releases.yaml
Exit 1: something differs from the catalog (and was not written), or the sources contradict each other.
`;

const { values: flags } = parseArgs({
  options: {
    from: { type: "string" },
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
  readonly published: string | undefined;
}

const main = async (): Promise<number> => {
  const path = flags.catalog ?? (await catalogFile()).path;
  const text = await readFile(path, "utf8");
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
      (catalog.components[component]?.assets ?? []).map(async (asset) => {
        const file = `${component}/${version}/${asset}`;
        const bytes = flags.from === undefined ? undefined : await readIfThere(join(flags.from, file));
        return {
          file,
          recorded: catalog.digest(component, version, asset),
          computed: bytes && sha256(bytes),
          published: checksums.get(asset),
        };
      }),
    );
  };

  // Minors may share a version of a component that is not Knative's.
  const named = new Set(
    catalog.minors.flatMap((minor) => Object.entries(catalog.resolve(minor).versions).map((pair) => pair.join("/"))),
  );
  const releases = [...named].map((name) => name.split("/") as [string, string]);
  const rows = (await Promise.all(releases.map(([component, version]) => rowsOf(component, version)))).flat();

  let contradictions = 0;
  let differences = 0;
  for (const { file, recorded, computed, published } of rows) {
    if (computed && published && computed !== published) {
      contradictions += 1;
      say(`${file}\n  the file here has ${computed}\n  checksums.txt    ${published}`);
      continue;
    }
    const found = computed ?? published;
    if (found === undefined) say(`${file}: neither a file nor checksums.txt to compare with`);
    else if (found !== recorded) {
      differences += 1;
      say(`${file}\n  the catalog says ${recorded ?? "nothing"}\n  it should be     ${found}`);
    }
  }

  const seen = rows.filter((row) => row.published !== undefined).length;
  say(
    `${rows.length} assets, ${differences} differ, ${contradictions} contradictory, ${seen} compared with checksums.txt`,
  );
  if (contradictions > 0) return 1;
  if (!flags.write) return differences > 0 ? 1 : 0;

  const lines = rows
    .flatMap(({ file, recorded, computed, published }) => {
      const digest = computed ?? published ?? recorded;
      return digest === undefined ? [] : [`  ${file}: "${digest}"`];
    })
    .sort();
  const end = text.search(/^digests:/m);
  await writeFile(path, `${text.slice(0, end)}digests:\n${lines.join("\n")}\n`);
  say(`${path} written`);
  return 0;
};

if (flags.help) say(USAGE);
else process.exitCode = await main();
