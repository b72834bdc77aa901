import type { Config } from "../config/config.ts";
import type { Plan } from "../core/change.ts";
import { chosenIngress, ingressProvider } from "../ingress/index.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import { ApiError, type ClusterRead } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import {
  type Catalog,
  defaultCacheDir,
  environmentFetch,
  loadCatalog,
  openReleases,
  type Release,
  type StandIns,
} from "../releases/index.ts";
import type { Installation, Removal } from "../steps/installation.ts";
import { MONITORS } from "../steps/metrics/monitors.ts";
import { type Choosing, choose, type Said } from "./choosing.ts";
import { judgeRights } from "./judging.ts";
import { planFromNothing, planInstall, planUninstall, preflight } from "./lifecycle.ts";
import { prepare, withoutManifests } from "./prepare.ts";
import type { Session } from "./session.ts";
import { openSurroundings } from "./surroundings.ts";
import type { Tools } from "./tools.ts";
import { chooseRelease, installedVersions, remarksOn, type Wish } from "./versions.ts";

/** What somebody asks for, and what it takes to work out what that means. */
export interface Asked extends Said {
  readonly signal: AbortSignal;
  readonly adapters: { readonly standIns?: StandIns };
  /** Told what counts at the cluster, as soon as that is known. */
  readonly page?: { readonly chose: (config: Config) => void };
}

export interface Planned {
  readonly install: Installation;
  readonly plan: Plan;
  /** Why it must not be carried out, whatever it says: Knative is somebody else's. */
  readonly refusal?: UserError;
  /** The session's, and the way to write records where there is one. */
  readonly tools: Tools;
  readonly lost: Choosing["lost"];
}

interface Chosen {
  readonly catalog: Catalog;
  readonly release: Release;
  /** What is to be said about it. */
  readonly remarks: readonly string[];
  /** As it is in the cluster; absent: nobody has looked. */
  readonly ingress?: IngressProvider;
  /** As the server serves the kinds of the Prometheus operator; absent: nobody has looked. */
  readonly isMonitored?: boolean;
}

/** Which release the options mean, given what the cluster runs already and what its server can run. */
export const chooseFor = async (
  ctx: Asked,
  { installed = {}, kubernetes }: Partial<Omit<Wish, "wanted">> = {},
): Promise<Chosen> => {
  const catalog = await loadCatalog();
  const wish: Wish = { wanted: ctx.config.knativeVersion, installed, kubernetes };
  const release = chooseRelease(catalog, wish);
  return { catalog, release, remarks: remarksOn(catalog, release, wish, new Date()) };
};

/** The installation that the options ask for. `impatient`: there is another way if the network does not answer at once. */
export const prepareInstall = (
  { config, env, signal, emit, adapters }: Asked,
  chosen: Chosen,
  impatient = false,
): Promise<Installation> => {
  const releases = openReleases({
    catalog: chosen.catalog,
    release: chosen.release,
    cacheDir: defaultCacheDir(env),
    fetch: environmentFetch(env),
    signal,
    onEvent: emit,
    ...(config.manifests ? { manifests: config.manifests } : {}),
    ...(config.releaseMirror ? { mirror: config.releaseMirror } : {}),
    ...(adapters.standIns ? { standIns: adapters.standIns } : {}),
    ...(impatient ? { retry: { attempts: 1, stall: 3_000 } } : {}),
  });
  return prepare(config, chosen.ingress ?? chosenIngress(config), chosen.catalog, releases, chosen.isMonitored);
};

/**
 * Works out what would change; writes nothing. A refused read is answered with all that the account lacks for the purpose, instead of with
 * the first of many refusals.
 */
export const planFor = async (asked: Asked, session: Session, purpose: "plan" | "install"): Promise<Planned> => {
  const { standIns } = session;
  const ctx = standIns ? { ...asked, adapters: { standIns } } : asked;
  try {
    return await lookAndPlan(ctx, session);
  } catch (error) {
    if (!couldNotRead(error)) throw error;
    const install = await prepareInstall(ctx, await chooseFor(ctx, { kubernetes: session.version }));
    const whole = await planFromNothing(install, session.tools.now);
    await judgeRights(purpose, { plan: whole, whole }, session.tools);
    throw error;
  }
};

/** As it stands in the cluster, where somebody else's may. */
const ingressIn = async (
  { ingress, istioGateway }: Pick<Config, "ingress" | "istioGateway">,
  cluster: ClusterRead,
): Promise<IngressProvider> => {
  const provider = ingressProvider(ingress);
  return (await provider.adoption?.find(cluster, istioGateway)) ?? provider;
};

/** Whether the Prometheus operator is there to be told what to look at. */
export const hasMonitors = async (cluster: ClusterRead): Promise<boolean> => {
  const found = await Promise.all(MONITORS.map(({ apiVersion, kind }) => cluster.resource(apiVersion, kind)));
  return found.every((resource) => resource !== undefined);
};

const couldNotRead = (error: unknown): boolean =>
  error instanceof ApiError ? error.status === 403 : error instanceof UserError && error.kind === "unseen";

/** Looks at the cluster, what was chosen for it, the release and the DNS, and works out what would change. */
const lookAndPlan = async (said: Asked, opened: Session): Promise<Planned> => {
  const { frozen: first, live } = opened;
  const [installed, choosing] = await Promise.all([installedVersions(first.cluster), choose(said, first.cluster)]);
  const { keeping, lost } = choosing;
  const ingress = await ingressIn(choosing.config, first.cluster);
  // Which gateway it is stays chosen, whichever others come.
  const config =
    ingress.gateway === undefined ? choosing.config : { ...choosing.config, istioGateway: ingress.gateway };
  const ctx = { ...said, config };
  const session = { ...opened, tools: { ...opened.tools, config }, frozen: { ...first, config } };
  const { frozen } = session;
  ctx.page?.chose(config);
  const isMonitored = config.metrics === "prometheus" && (await hasMonitors(first.cluster));
  const chosen = { ...(await chooseFor(ctx, { installed, kubernetes: opened.version })), ingress, isMonitored };
  // All at once, and none is left running behind another's error.
  const preparing = prepareInstall(ctx, chosen);
  const coming = preparing.then(
    ({ manifests }) => [...manifests.objects.values()].flat(),
    () => [],
  );
  const [looked, prepared, surroundings] = await Promise.allSettled([
    preflight(chosen, installed.serving !== undefined, coming, frozen),
    preparing,
    openSurroundings(config, session, frozen.cluster),
  ]);
  if (looked.status === "rejected") throw looked.reason;
  const refusal = looked.value;
  // A plan that cannot be made has nothing to show before it is refused.
  const failed = (error: unknown): unknown => (refusal && !frozen.signal.aborted ? refusal : error);
  if (prepared.status === "rejected") throw failed(prepared.reason);
  if (surroundings.status === "rejected") throw failed(surroundings.reason);
  const install = keeping({ ...prepared.value, ...surroundings.value.known, remarks: chosen.remarks });
  const { tools } = surroundings.value;
  const plan = await planInstall(install, live, tools.now, tools.cluster).catch((error: unknown) => {
    throw failed(error);
  });
  return { install, tools, plan, lost, ...(refusal ? { refusal } : {}) };
};

/** Works out what an uninstall would take away; writes nothing. `keepRecords`: the DNS is left alone, and its provider not asked. */
export const planRemoval = async (
  config: Config,
  { keepRecords, ...removal }: Removal & { readonly keepRecords: boolean },
  session: Session,
): Promise<Pick<Planned, "install" | "plan" | "tools">> => {
  const asked = keepRecords ? { ...config, dns: "none" as const } : config;
  const { known, tools } = await openSurroundings(asked, session, session.frozen.cluster);
  const install = { ...withoutManifests(config), ...known };
  return { install, tools, plan: await planUninstall(install, removal, tools) };
};
