import { ids as ingressIds, ingressProvider } from "../ingress/index.ts";
import type { IngressAsset, IngressProvider } from "../ingress/provider.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { VERSION_LABEL } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { compareVersions, minorOf } from "../ports/version.ts";
import type { Catalog, Release } from "../releases/catalog.ts";

/** Component → version, `serving` → `1.23.0`. */
export type Installed = Readonly<Record<string, string>>;

/** What the cluster runs, by the labels that every Knative release carries. */
export const installedVersions = async (cluster: ClusterRead): Promise<Installed> => {
  const namespaces = await cluster.list({ apiVersion: "v1", kind: "Namespace" });
  const found = (name: string): string | undefined =>
    namespaces.find(({ metadata }) => metadata.name === name)?.metadata.labels?.[VERSION_LABEL];
  const isThere = (name: string | undefined): boolean => namespaces.some(({ metadata }) => metadata.name === name);
  const gateways = ingressIds
    .map(ingressProvider)
    .filter(({ assets, service }) => assets.some(({ versionAt }) => isThere((versionAt ?? service).namespace)));
  const read = async ({ component, versionAt }: IngressAsset, { service }: IngressProvider) => {
    const object = versionAt && (await cluster.get(versionAt));
    const version = versionAt ? object?.metadata.labels?.[VERSION_LABEL] : found(service.namespace ?? "");
    return version ? [[component, version] as const] : [];
  };
  const versions = gateways.flatMap((provider) => provider.assets.map((asset) => read(asset, provider)));
  const serving = found("knative-serving");
  return Object.fromEntries([
    ...(serving ? [["serving", serving] as const] : []),
    ...(await Promise.all(versions)).flat(),
  ]);
};

export interface Wish {
  /** `1.23` or `1.23.0`; absent: what runs, else the newest that the server can run. */
  readonly wanted?: string | undefined;
  readonly installed: Installed;
  /** The server's version; absent: there is none. */
  readonly kubernetes?: string | undefined;
}

/** A second run is never an upgrade: the installed patch is kept, another minor is refused (rule 13). */
export const chooseRelease = (catalog: Catalog, { wanted, installed, kubernetes }: Wish): Release => {
  const release = catalog.resolve(wanted, installed, kubernetes);
  const current = installed.serving;
  if (current && minorOf(current) !== release.minor) {
    throw new UserError({
      id: "release.other-minor",
      what: `This cluster runs Knative ${current}, and --knative-version asks for ${release.minor}.`,
      why: "Minors are upgraded one at a time, with checks before each; install never does that by the way.",
      remedy: {
        text: "Keep the installed minor:",
        command: sh`kn-bootstrap install --knative-version ${minorOf(current) ?? current}`,
      },
      kind: "input",
    });
  }
  return release;
};

/** Why this release, and what would come with a newer server; what else is to be known about it. Sentences, often none. */
export const remarksOn = (
  catalog: Catalog,
  release: Release,
  { wanted, installed, kubernetes }: Wish,
  today: Date,
): readonly string[] => {
  if (installed.serving) return newerPatch(catalog, release, installed.serving);
  const { minor, supportedUntil } = release;
  return [
    ...(wanted === undefined && kubernetes !== undefined ? limitedBy(catalog, minor, kubernetes) : []),
    ...(supportedUntil !== undefined && supportedUntil < today.toISOString().slice(0, 10)
      ? [`The Knative project's support for ${minor} ended on ${supportedUntil}.`]
      : []),
  ];
};

const limitedBy = (catalog: Catalog, minor: string, kubernetes: string): readonly string[] => {
  const needs = (name: string): string => catalog.resolve(name).minimumKubernetes;
  const beyond = catalog.minors.filter((name) => compareVersions(needs(name), kubernetes) > 0);
  const [next] = beyond;
  const newest = beyond.at(-1);
  if (next === undefined || newest === undefined) return [];
  // The newest of those that the same server could run: two minors may need the same.
  const reached = beyond.findLast((name) => needs(name) === needs(next)) ?? next;
  const rest = reached === newest ? "" : `, one of ${needs(newest)} ${newest}`;
  return [
    `Knative ${minor} is the newest that this server, Kubernetes ${kubernetes}, can run. A server of ${needs(next)} could run ${reached}${rest}.`,
  ];
};

const newerPatch = (catalog: Catalog, { minor, versions }: Release, running: string): readonly string[] => {
  const newest = catalog.minors.includes(minor) ? catalog.resolve(minor).versions.serving : undefined;
  if (newest === undefined || versions.serving !== running.replace(/^v/, "") || compareVersions(newest, running) <= 0)
    return [];
  return [`Knative ${newest} is out; ${versions.serving} runs here and is kept. --knative-version ${newest} takes it.`];
};
