import { assertKnative } from "../certificates/cert-manager/found.ts";
import type { Config } from "../config/config.ts";
import { shown } from "../config/shown.ts";
import { ingressProvider } from "../ingress/index.ts";
import { STATE } from "../kube/prior.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { groupOf, type KubeObject } from "../ports/object.ts";
import { type Catalog, loadCatalog } from "../releases/catalog.ts";
import { rewriteImage, rewriteImages } from "../releases/images.ts";
import type { Releases } from "../releases/index.ts";
import type { Installation, Manifests } from "../steps/installation.ts";
import { configuration, lastWords, tidy, transforming } from "../steps/serving/transforms.ts";
import { choicesOf, versionsOf } from "../steps/state/chosen.ts";

/** Custom resources that the release's own webhook must admit come in a step of their own. */
const GUARDED = new Set(["networking.internal.knative.dev", "serving.knative.dev"]);

const part = (objects: readonly KubeObject[], belongs: (object: KubeObject) => boolean): readonly KubeObject[] =>
  objects.filter(belongs);

/** Reads the chosen releases and works everything into them that is known before planning (rule 1). */
export const prepare = async (config: Config, catalog: Catalog, releases: Releases): Promise<Installation> => {
  const { release } = releases;
  const ingress = ingressProvider(config.ingress);
  const usesCertManager = config.tls === "cert-manager";
  if (usesCertManager) assertKnative(release.minor);
  const [everything, hpa, gateway, certManager] = await Promise.all([
    releases.objects("serving", "serving-crds.yaml", "serving-core.yaml"),
    config.hpa ? releases.objects("serving", "serving-hpa.yaml") : [],
    Promise.all(ingress.assets.map(({ component, asset }) => releases.objects(component, asset))),
    usesCertManager ? releases.objects("cert-manager", "cert-manager.yaml") : [],
  ]);
  const transform = transforming(tidy, lastWords, configuration(config, ingress.className, release.key), (object) =>
    ingress.transform(object, { expose: config.expose, setting: release.setting }),
  );
  const finish = (objects: readonly KubeObject[]): readonly KubeObject[] => {
    const transformed = objects.map(transform);
    return config.imageRegistry ? rewriteImages(transformed, config.imageRegistry) : transformed;
  };
  const serving = finish(everything);
  const net = finish(gateway.flat());
  const isCrd = (object: KubeObject): boolean => object.kind === "CustomResourceDefinition";
  const isNamespace = (object: KubeObject): boolean => object.kind === "Namespace";
  const isGuarded = (object: KubeObject): boolean => GUARDED.has(groupOf(object.apiVersion));
  const manifests: Manifests = {
    versions: usesCertManager ? release.versions : withoutCertManager(release.versions),
    namespaces: part([...serving, ...net], isNamespace),
    crds: part([...serving, ...net], isCrd),
    core: part(serving, (object) => !isCrd(object) && !isNamespace(object) && !isGuarded(object)),
    resources: part(serving, isGuarded),
    hpa: finish(hpa),
    ingress: part(net, (object) => !isCrd(object) && !isNamespace(object)),
    certManager: finish(certManager),
    hello: config.imageRegistry ? rewriteImage(catalog.helloImage, config.imageRegistry) : catalog.helloImage,
    setting: release.setting,
    key: release.key,
    standIn: releases.standIn,
  };
  // What was asked of the version is not kept: the versions themselves are.
  const { "knative-version": _asked, ...choices } = shown(config);
  return { config, ingress, manifests, choices };
};

const withoutCertManager = (versions: Manifests["versions"]): Manifests["versions"] =>
  Object.fromEntries(Object.entries(versions).filter(([component]) => component !== "cert-manager"));

/** For the goal "absent", which goes by labels and needs no release. */
export const withoutManifests = (config: Config): Installation => ({
  config,
  ingress: ingressProvider(config.ingress),
  choices: {},
  manifests: {
    versions: {},
    namespaces: [],
    crds: [],
    core: [],
    resources: [],
    hpa: [],
    ingress: [],
    certManager: [],
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
      hello: config.imageRegistry ? rewriteImage(catalog.helloImage, config.imageRegistry) : catalog.helloImage,
      setting: release.setting,
      key: release.key,
    },
  };
};
