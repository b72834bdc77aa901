import { assertForeseen } from "../app/foresight.ts";
import { assertAllowed, planFromNothing, planInstall, preflight, runInstall, verifyInstall } from "../app/lifecycle.ts";
import { assertOrderable } from "../app/orderable.ts";
import { prepare } from "../app/prepare.ts";
import type { Tools } from "../app/tools.ts";
import { chooseRelease, installedVersions, remarksOn, type Wish } from "../app/versions.ts";
import { assertRights } from "../checks/rights.ts";
import { changesOf, type Plan } from "../core/change.ts";
import { ApiError, type ClusterPreview } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import {
  type Catalog,
  defaultCacheDir,
  environmentFetch,
  loadCatalog,
  openReleases,
  type Release,
} from "../releases/index.ts";
import type { Installation } from "../steps/installation.ts";
import { assertUnderstood, type Choosing, choose } from "./choosing.ts";
import type { CommandContext } from "./context.ts";
import { nextSteps } from "./next.ts";
import { agree, type Session } from "./session.ts";
import { lookAround } from "./surroundings.ts";

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
}

/** Which release the options mean, given what the cluster runs already and what its server can run. */
export const chooseFor = async (
  ctx: CommandContext,
  { installed = {}, kubernetes }: Partial<Omit<Wish, "wanted">> = {},
): Promise<Chosen> => {
  const catalog = await loadCatalog();
  const wish: Wish = { wanted: ctx.config.knativeVersion, installed, kubernetes };
  const release = chooseRelease(catalog, wish);
  return { catalog, release, remarks: remarksOn(catalog, release, wish, new Date()) };
};

/** The installation that the options ask for. `impatient`: there is another way if the network does not answer at once. */
export const prepareInstall = (
  { config, env, signal, emit, adapters }: CommandContext,
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
  return prepare(config, chosen.catalog, releases);
};

/**
 * Works out what would change; writes nothing. A refused read is answered by `ask` with all that the account lacks, instead of with
 * the first of many refusals.
 */
export const planFor = async (
  ctx: CommandContext,
  session: Session,
  ask: (whole: Plan, cluster: ClusterPreview) => Promise<void>,
): Promise<Planned> => {
  try {
    return await lookAndPlan(ctx, session);
  } catch (error) {
    if (!couldNotRead(error)) throw error;
    const { cluster, now } = session.tools;
    const install = await prepareInstall(ctx, await chooseFor(ctx, { kubernetes: session.version }));
    await ask(await planFromNothing(install, now), cluster);
    throw error;
  }
};

const couldNotRead = (error: unknown): boolean =>
  error instanceof ApiError ? error.status === 403 : error instanceof UserError && error.kind === "unseen";

/** Looks at the cluster, what was chosen for it, the release and the DNS, and works out what would change. */
const lookAndPlan = async (said: CommandContext, opened: Session): Promise<Planned> => {
  const { still: first, live } = opened;
  const [installed, choosing] = await Promise.all([installedVersions(first.cluster), choose(said, first.cluster)]);
  const { config, keeping, lost } = choosing;
  const ctx = { ...said, config };
  const session = { ...opened, tools: { ...opened.tools, config }, still: { ...first, config } };
  const { still } = session;
  ctx.page?.chose(config);
  const chosen = await chooseFor(ctx, { installed, kubernetes: opened.version });
  // All at once, and none is left running behind another's error.
  const [looked, prepared, surroundings] = await Promise.allSettled([
    preflight(chosen, installed.serving !== undefined, still),
    prepareInstall(ctx, chosen),
    lookAround(config, session),
  ]);
  if (looked.status === "rejected") throw looked.reason;
  const refusal = looked.value;
  // A plan that cannot be made has nothing to show before it is refused.
  const failed = (error: unknown): unknown => (refusal && !still.signal.aborted ? refusal : error);
  if (prepared.status === "rejected") throw failed(prepared.reason);
  if (surroundings.status === "rejected") throw failed(surroundings.reason);
  const install = keeping({ ...prepared.value, ...surroundings.value.known, remarks: chosen.remarks });
  const { tools } = surroundings.value;
  const plan = await planInstall(install, live, tools.now, tools.cluster).catch((error: unknown) => {
    throw failed(error);
  });
  return { install, tools, plan, lost, ...(refusal ? { refusal } : {}) };
};

/** Plan, show, confirm, apply, verify, report. */
export const installInto = async (ctx: CommandContext, session: Session, next = nextSteps): Promise<number> => {
  const { still } = session;
  const { install, plan, tools, lost, refusal } = await planFor(ctx, session, (whole, cluster) =>
    assertRights("install", { plan: whole, whole }, cluster),
  );
  if (refusal) {
    ctx.emit({ type: "plan", plan });
    throw refusal;
  }
  if (changesOf(plan).length === 0) {
    ctx.emit({ type: "plan", plan });
    await ctx.page?.witness(tools);
    return verifyOnly(install, still);
  }
  if (lost.length > 0) {
    ctx.emit({ type: "plan", plan });
    assertUnderstood(lost);
  }
  await assertAllowed(plan, install, tools);
  await assertForeseen(plan, install, tools, { ca: await assertOrderable(plan, install, tools) });
  const { context, server } = tools.cluster.identity;
  if (!(await agree(ctx, plan, `Apply this to context ${context} (${server})?`))) {
    ctx.stderr("Nothing was changed.\n");
    return 0;
  }
  const report = await runInstall(plan, install, tools);
  await ctx.page?.witness(tools);
  return ctx.finish(report, report.outcome === "done" ? await next(install, tools) : []);
};

/** Nothing to change is not yet healthy: what should run must run. */
const verifyOnly = async (install: Installation, still: Session["still"]): Promise<number> => {
  const problems = await verifyInstall(install, still);
  const [first] = problems;
  if (!first) return 0;
  throw new UserError({
    id: first.check.id,
    what: `Nothing is left to change, and still not everything works: ${problems.map(({ summary }) => summary).join("; ")}.`,
    remedy: first.remedy,
    kind: "failed",
  });
};
