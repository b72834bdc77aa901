import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { $ZodError } from "zod/v4/core";
import en from "zod/v4/locales/en.js";
import { messageOf, UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";
import { compareVersions, minorOf } from "../ports/version.ts";
import { parseDocuments } from "../ports/yaml.ts";
import { parseChecksums } from "./digest.ts";
import { nearest } from "./nearest.ts";

// Its words in English, without those in forty other languages.
z.config(en());

const minor = z.string().check(z.regex(/^[0-9]+\.[0-9]+$/));
const version = z.string().check(z.regex(/^[0-9]+\.[0-9]+\.[0-9]+$/));

const component = z.strictObject({
  repository: z.string().check(z.regex(/^[\w.-]+\/[\w.-]+$/)),
  // One form for all, or each by itself where a release is not named after the version that it holds.
  tag: z.union([z.string().check(z.includes("{version}")), z.record(version, z.string())]),
  assets: z.array(z.string()).check(z.minLength(1)),
});

const place = z.union([
  z.strictObject({ since: z.optional(minor), configMap: z.string(), key: z.string() }),
  z.strictObject({ since: z.optional(minor), deployment: z.string(), key: z.string() }),
]);

/** The shape of manifests/releases.yaml, where every field is explained. */
const written = z.strictObject({
  url: z.url(),
  checksums: z.string(),
  components: z.record(z.string(), component),
  helloImage: z.string(),
  minors: z.record(
    minor,
    z.strictObject({
      kubernetes: minor,
      until: z.optional(z.iso.date()),
      versions: z.optional(z.record(z.string(), version)),
    }),
  ),
  next: z.optional(z.strictObject({ minor, due: z.iso.date(), kubernetes: minor })),
  settings: z.record(z.string(), z.array(place).check(z.minLength(1))),
  // One text, because YAML costs more for each entry of a map than all else that is done with it.
  digests: z.string().check(z.regex(/^(?:[0-9a-f]{64} {2}\S+\n)*$/)),
});

export type WrittenCatalog = z.infer<typeof written>;
export type Component = z.infer<typeof component>;

/** A key of `data` in a ConfigMap of knative-serving, or (`deployment`) a variable in the environment of its first container. */
export type Setting =
  | { readonly configMap: string; readonly key: string }
  | { readonly deployment: string; readonly key: string };

/** One Knative release: what is chosen, and what depends on the choice. */
export interface Release {
  /** `1.23` */
  readonly minor: string;
  /** Component → version, `serving` → `1.23.0`. */
  readonly versions: Readonly<Record<string, string>>;
  /** `1.34` */
  readonly minimumKubernetes: string;
  /** The day its support ends, `2027-02-02`; absent for minors of which only this much is known. */
  readonly supportedUntil?: string;
  /** Where this release keeps a setting; `name` is what newer releases call it. */
  readonly setting: (name: string) => Setting;
  /** `setting(name).key` */
  readonly key: (name: string) => string;
}

/** A minor as far as it matters to who has not got it yet. */
export interface Coming {
  /** `1.24` */
  readonly minor: string;
  /** `1.35` */
  readonly minimumKubernetes: string;
  /** Nothing of it is known here but when it is due. */
  readonly due?: string;
}

export interface Catalog {
  /** Those that can be asked for by minor alone, oldest first. */
  readonly minors: readonly string[];
  readonly helloImage: string;
  readonly components: Readonly<Record<string, Component>>;
  /** Where releases are downloaded from: `https://github.com`. */
  readonly host: string;
  /** Name of the asset that lists a release's digests. */
  readonly checksums: string;
  /** The newest of `minors` that a server of this version can run; undefined: none of them. */
  readonly newestFor: (kubernetes: string) => string | undefined;
  /** The minor that follows; undefined: none is known. */
  readonly after: (minor: string) => Coming | undefined;
  /** The last day of a minor's support, `2027-02-02`; "past" for those that are older than all of which it is known; undefined: not known. */
  readonly supportOf: (minor: string) => string | undefined;
  /** Every `<component>/<version>/<asset>` that has a digest here. */
  readonly files: readonly string[];
  /** sha256 in hex; undefined for versions that this catalog does not know. */
  readonly digest: (component: string, version: string, asset: string) => string | undefined;
  /** @param mirror replaces scheme and host (and may add a path in front) */
  readonly url: (component: string, version: string, asset: string, mirror?: string) => string;
  /**
   * @param wanted `1.23`, `v1.23`, `1.23.0`; undefined: the installed release, else the newest known that the server can run (the oldest
   *   known where it can run none, so that what is missing is told by what needs least)
   * @param installed versions found in the cluster per component: those of the chosen minor are kept (a second run is no upgrade)
   * @param kubernetes the server's version; absent: there is no server
   * @throws UserError `release.unknown` (exit 2)
   */
  readonly resolve: (wanted?: string, installed?: Readonly<Record<string, string>>, kubernetes?: string) => Release;
}

/** @throws TypeError for a component that is not in the catalog */
export const versionOf = (release: Release, component: string): string => {
  const found = release.versions[component];
  if (found === undefined) throw new TypeError(`manifests/releases.yaml has no component ${component}`);
  return found;
};

const unknown = (wanted: string, known: readonly string[], why: string): UserError => {
  const guess = nearest(wanted.replace(/^v/, ""), known);
  const suggestion = guess ?? known.at(-1) ?? "";
  return new UserError({
    id: "release.unknown",
    what: `Knative "${wanted}" is not known here. Known: ${known.join(", ")}.${guess ? ` Did you mean ${guess}?` : ""}`,
    why,
    remedy: {
      text: "Choose a known minor, or update kn-bootstrap:",
      command: sh`kn-bootstrap install --knative-version ${suggestion}`,
    },
    kind: "input",
  });
};

/** The release that holds a version; undefined: none does. */
const tagOf = ({ tag }: Component, version: string): string | undefined =>
  typeof tag === "string" ? tag.replace("{version}", version) : tag[version];

const settingOf = (data: WrittenCatalog, minor: string, name: string): Setting => {
  const found = (data.settings[name] ?? []).findLast(
    ({ since }) => since === undefined || compareVersions(since, minor) <= 0,
  );
  if (found === undefined) throw new TypeError(`manifests/releases.yaml has no setting ${name} for ${minor}`);
  const { since: _, ...setting } = found;
  return setting;
};

/** Pure part of {@link loadCatalog}. */
export const catalogOf = (data: WrittenCatalog): Catalog => {
  const minors = Object.keys(data.minors)
    .filter((name) => data.minors[name]?.versions)
    .sort(compareVersions);

  const digests = parseChecksums(data.digests);
  const newestFor: Catalog["newestFor"] = (kubernetes) =>
    minors.findLast((name) => compareVersions(data.minors[name]?.kubernetes ?? "", kubernetes) <= 0);

  const resolve: Catalog["resolve"] = (wanted, installed = {}, kubernetes = undefined) => {
    const fitting = kubernetes === undefined ? minors.at(-1) : (newestFor(kubernetes) ?? minors[0]);
    const asked = wanted ?? installed.serving ?? fitting ?? "";
    const minor = minorOf(asked);
    const entry = minor === undefined ? undefined : data.minors[minor];
    if (minor === undefined)
      throw unknown(
        asked,
        minors,
        `A version is a minor such as ${minors.at(-1)}, or exact such as ${minors.at(-1)}.0.`,
      );
    if (entry === undefined) {
      throw unknown(asked, minors, "What it needs of Kubernetes and how it names its settings would be guesswork.");
    }
    const exact = asked.replace(/^v/, "") === minor ? undefined : asked.replace(/^v/, "");
    if (entry.versions === undefined && exact === undefined) {
      throw unknown(
        asked,
        minors,
        `Which patch of ${minor} to take is not known; an exact version such as ${minor}.0 can be asked for.`,
      );
    }
    const versions = Object.entries(data.components).flatMap(([name, component]) => {
      const running = installed[name]?.replace(/^v/, "");
      const ownMinor = minorOf(entry.versions?.[name] ?? minor);
      const isKept = running && minorOf(running) === ownMinor && tagOf(component, running) !== undefined;
      const kept = isKept ? running : undefined;
      // Each of Knative's repositories starts a minor with patch 0; that is all one can say of those that this catalog has no versions for.
      const first = String(component.tag).startsWith("knative-") ? `${minor}.0` : undefined;
      const version = (name === "serving" ? exact : undefined) ?? kept ?? entry.versions?.[name] ?? first;
      return version === undefined ? [] : [[name, version] as const];
    });
    return {
      minor,
      versions: Object.fromEntries(versions),
      minimumKubernetes: entry.kubernetes,
      ...(entry.until ? { supportedUntil: entry.until } : {}),
      setting: (name) => settingOf(data, minor, name),
      key: (name) => settingOf(data, minor, name).key,
    };
  };

  const known = Object.keys(data.minors).sort(compareVersions);
  const after: Catalog["after"] = (name) => {
    const next = known.find((one) => compareVersions(one, name) > 0);
    const kubernetes = next === undefined ? undefined : data.minors[next]?.kubernetes;
    if (next !== undefined && kubernetes !== undefined) return { minor: next, minimumKubernetes: kubernetes };
    return data.next && compareVersions(data.next.minor, name) > 0
      ? { minor: data.next.minor, minimumKubernetes: data.next.kubernetes, due: data.next.due }
      : undefined;
  };
  const supportOf: Catalog["supportOf"] = (name) => {
    const until = data.minors[name]?.until;
    const first = known.find((one) => data.minors[one]?.until !== undefined);
    return until ?? (first !== undefined && compareVersions(name, first) < 0 ? "past" : undefined);
  };

  return {
    minors,
    resolve,
    after,
    supportOf,
    helloImage: data.helloImage,
    components: data.components,
    host: new URL(data.url).origin,
    checksums: data.checksums,
    newestFor,
    files: [...digests.keys()],
    digest: (name, version, asset) => digests.get(`${name}/${version}/${asset}`),
    url: (name, version, asset, mirror) => {
      const found = data.components[name];
      const tag = found && tagOf(found, version);
      if (found === undefined || tag === undefined)
        throw new TypeError(`manifests/releases.yaml has no component ${name} ${version}`);
      const url = new URL(
        data.url.replace("{repository}", found.repository).replace("{tag}", tag).replace("{asset}", asset),
      );
      return mirror === undefined ? url.href : `${mirror.replace(/\/+$/, "")}${url.pathname}`;
    },
  };
};

/**
 * A file below manifests/, which lies beside src/ in the repository and beside dist/ in the package. Bundling moves this module: so the
 * folders above it are searched.
 * @throws UserError `release.catalog` (exit 1) when it is missing
 */
export const manifestFile = async (
  name: string,
  from = import.meta.dirname,
): Promise<{ path: string; text: string }> => {
  const path = join(from, "manifests", name);
  try {
    return { path, text: await readFile(path, "utf8") };
  } catch (error) {
    if (dirname(from) === from) throw broken(`manifests/${name} is missing`, error);
    return manifestFile(name, dirname(from));
  }
};

export const catalogFile = (from?: string): Promise<{ path: string; text: string }> =>
  manifestFile("releases.yaml", from);

const broken = (what: string, cause: unknown): UserError =>
  new UserError({
    id: "release.catalog",
    what: `This installation of kn-bootstrap is damaged: ${what}.`,
    remedy: { text: "Install it again:", command: sh`npm install --global kn-bootstrap` },
    kind: "failed",
    cause,
  });

/** @throws UserError `release.catalog` (exit 1) when the file is missing or not of its shape */
export const parseCatalog = (text: string, path: string): Catalog => {
  try {
    return catalogOf(written.parse(parseDocuments(text)[0]?.value));
  } catch (error) {
    throw broken(`${path}: ${error instanceof $ZodError ? z.prettifyError(error) : messageOf(error)}`, error);
  }
};

/** @throws UserError `release.catalog` (exit 1) */
export const loadCatalog = async (): Promise<Catalog> => {
  const { path, text } = await catalogFile();
  return parseCatalog(text, path);
};
