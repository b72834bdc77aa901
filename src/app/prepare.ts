import type { Config } from "../config/config.ts";
import { shown } from "../config/shown.ts";
import { chosenIngress } from "../ingress/index.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import { choicesOf } from "../kube/choices.ts";
import { STATE } from "../kube/prior.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import type { KubeObject } from "../ports/object.ts";
import { type Catalog, loadCatalog } from "../releases/catalog.ts";
import { rewriteImage, rewriteImages } from "../releases/images.ts";
import type { Releases } from "../releases/index.ts";
import { PARTS } from "../steps/index.ts";
import type { Installation, Manifests } from "../steps/installation.ts";
import type { Choice } from "../steps/part.ts";
import { transforming } from "../steps/serving/transforms.ts";
import { versionsOf } from "../steps/state/chosen.ts";

/** Reads the chosen releases and works everything into them that is known before planning (rule 1). */
export const prepare = async (
  config: Config,
  ingress: IngressProvider,
  catalog: Catalog,
  releases: Releases,
  isMonitored = false,
): Promise<Installation> => {
  const { release } = releases;
  const choice: Choice = { config, ingress, release, isMonitored };
  const transforms = PARTS.flatMap((part) => part.transform?.(choice) ?? []);
  const finish = (objects: readonly KubeObject[]): readonly KubeObject[] => {
    const brought = objects.filter((object) => ingress.isThere?.(object) !== true);
    const transformed = brought.map(transforming(...transforms));
    return config.imageRegistry ? rewriteImages(transformed, config.imageRegistry) : transformed;
  };
  const wanted = PARTS.map((part) => ({ id: part.id, assets: part.assets?.(choice) ?? [], own: part.own }));
  const components = new Set(wanted.flatMap(({ assets }) => assets.map(({ component }) => component)));
  const objects = await Promise.all(
    wanted.map(async ({ id, assets, own }) => {
      // Files of one component may repeat each other's objects: together they have each once.
      const files = await Promise.all(
        [...Map.groupBy(assets, ({ component }) => component)].map(([component, own]) =>
          releases.objects(component, ...own.map(({ asset }) => asset)),
        ),
      );
      return [id, finish([...files.flat(), ...((await own?.(choice)) ?? [])])] as const;
    }),
  );
  const manifests: Manifests = {
    versions: Object.fromEntries(Object.entries(release.versions).filter(([component]) => components.has(component))),
    objects: new Map(objects),
    hello: helloFrom(catalog, config),
    setting: release.setting,
    key: release.key,
    standIn: releases.standIn,
  };
  // What was asked of the version is not kept: the versions themselves are.
  const { "knative-version": _asked, ...choices } = shown(config);
  return { config, ingress, manifests, choices, isMonitored };
};

/** The image of the hello Service, from where all images are taken. */
export const helloFrom = (
  { helloImage }: Pick<Catalog, "helloImage">,
  { imageRegistry }: Pick<Config, "imageRegistry">,
): string => (imageRegistry ? rewriteImage(helloImage, imageRegistry) : helloImage);

/** For the goal "absent", which goes by labels and needs no release. */
export const withoutManifests = (config: Config): Installation => ({
  config,
  ingress: chosenIngress(config),
  choices: {},
  manifests: {
    versions: {},
    objects: new Map(),
    hello: "",
    setting: (name) => ({ configMap: "", key: name }),
    key: (name) => name,
    standIn: false,
  },
});

/** What runs, for commands that change a part of it and need no release: its versions and choices as they were written down. */
export const runningInstallation = async (config: Config, cluster: Pick<ClusterRead, "get">): Promise<Installation> => {
  const [state, catalog] = await Promise.all([cluster.get(STATE), loadCatalog()]);
  const versions = versionsOf(state);
  const release = catalog.resolve(versions.serving, versions);
  const nothing = withoutManifests(config);
  return {
    ...nothing,
    choices: choicesOf(state),
    manifests: {
      ...nothing.manifests,
      versions,
      hello: helloFrom(catalog, config),
      setting: release.setting,
      key: release.key,
    },
  };
};
