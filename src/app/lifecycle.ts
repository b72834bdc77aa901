import { hasGatewayCertificate } from "../certificates/index.ts";
import { runAside, runLocked } from "../changes/locked.ts";
import { makePlan } from "../changes/plan.ts";
import type { RunTools } from "../changes/run.ts";
import type { Step } from "../changes/step.ts";
import { capacityFor } from "../checks/capacity.ts";
import { unreadable } from "../checks/plan/rights.ts";
import { knativeOwner, serverVersion } from "../checks/preflight.ts";
import { runChecks } from "../checks/run.ts";
import { serviceType } from "../checks/service-type.ts";
import type { Plan } from "../core/change.ts";
import { type Check, type ReadContext, seenIn } from "../core/check.ts";
import { errorOf, isBad } from "../core/finding-error.ts";
import type { Report } from "../core/run.ts";
import type { IngressProvider } from "../ingress/provider.ts";
import { isCopy, OWNER_LABEL, withOwner } from "../kube/inventory.ts";
import { LEASE } from "../kube/lease.ts";
import { listableKinds, type PlanOptions } from "../kube/reconcile.ts";
import type { Kind, Snapshot } from "../kube/snapshot.ts";
import { directSnapshot, emptySnapshot, takeSnapshot } from "../kube/snapshot.ts";
import type { ClusterPreview, ClusterRead } from "../ports/cluster.ts";
import type { Remedy, UserError } from "../ports/error.ts";
import type { Seen } from "../ports/facts.ts";
import type { KubeObject } from "../ports/object.ts";
import type { Catalog, Release } from "../releases/catalog.ts";
import { PARTS, type StepId, steps } from "../steps/index.ts";
import type { Installation, Removal } from "../steps/installation.ts";
import { homeNamespace } from "../steps/state/index.ts";
import { issueFor, settleAccount } from "./issuing.ts";
import { judgeRights } from "./judging.ts";
import { withoutManifests } from "./prepare.ts";
import type { Tools } from "./tools.ts";

/**
 * Every check before the first change. Throws the first failure as an error with exit code 2; warnings are only said. Resolves to a failure
 * that keeps nobody from looking at the plan.
 */
export const preflight = async (
  {
    release,
    catalog,
    ingress,
  }: { readonly release: Release; readonly catalog: Catalog; readonly ingress: IngressProvider },
  installed: boolean,
  /** What is to be installed; nothing where it could not be read. */
  coming: Promise<readonly KubeObject[]>,
  tools: Tools,
): Promise<UserError | undefined> => {
  const { config, emit } = tools;
  const checks: readonly Check[] = [
    serverVersion(release.versions.serving ?? release.minor, release.minimumKubernetes, catalog.newestFor),
    knativeOwner(config.takeOwnership),
    capacityFor(coming, installed),
    serviceType(config, ingress),
    ...((await ingress.preflight?.({ versions: release.versions, servesTls: hasGatewayCertificate(config) })) ?? []),
    ...PARTS.flatMap((part) => part.preflight?.(config) ?? []),
  ].filter(({ id }) => !config.skipChecks.includes(id));
  const findings = await runChecks(checks, tools);
  let refusal: UserError | undefined;
  for (const { check, finding } of findings) {
    if (!isBad(finding)) {
      emit({ type: "check", id: check.id, title: check.title, ...finding });
      continue;
    }
    const kind = finding.status === "fail" ? "input" : "unseen";
    const failure = errorOf(check, finding, { why: "Nothing was changed.", kind });
    // Who owns what is best seen in the plan, which is shown before this is thrown.
    if (finding.status === "unknown" || check.id !== "knative.owner") throw failure;
    refusal = failure;
  }
  return refusal;
};

const unique = (kinds: readonly Kind[]): readonly Kind[] => [
  ...new Map(kinds.map((kind) => [`${kind.apiVersion}/${kind.kind}`, kind])).values(),
];

/** Every kind that the installation contains. */
const kindsOf = ({ manifests }: Installation): readonly Kind[] =>
  unique([
    ...[...manifests.objects.values()].flat().map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      namespaced: metadata.namespace !== undefined,
    })),
    ...PARTS.flatMap(({ kinds = [] }) => kinds),
  ]);

/** What install would change. Reads only. Without a cluster nothing is confirmed by dry run (`render`). */
export const planInstall = async (
  install: Installation,
  live: Snapshot,
  now: () => Date,
  cluster?: ClusterPreview,
): Promise<Plan> => {
  const { choiceChanges = [] } = install;
  const options: PlanOptions = { goal: "present", live, now, kinds: kindsOf(install), ...(cluster ? { cluster } : {}) };
  const plan = await makePlan(steps(install), options);
  return choiceChanges.length > 0 ? { ...plan, choices: choiceChanges } : plan;
};

/** What install would do to a cluster in which nothing is. */
export const planFromNothing = (install: Installation, now: () => Date): Promise<Plan> =>
  planInstall(install, emptySnapshot, now);

export const runInstall = (plan: Plan, install: Installation, tools: Tools): Promise<Report> =>
  runAlone(plan, steps(install), install, tools);

/** With nothing to do: whether what should run does run, from lists alone. Resolves to what is wrong. */
export const verifyInstall = async (
  install: Installation,
  tools: Tools,
): Promise<readonly (Seen & { check: Check; summary: string; remedy: Remedy })[]> => {
  const checks = steps(install)
    .filter(({ id }) => id !== ("proof" satisfies StepId))
    .flatMap(({ verify }) => verify);
  const findings = await runChecks<ReadContext>(checks, tools);
  return findings.flatMap(({ check, finding }) =>
    finding.status === "fail" || finding.status === "unknown"
      ? [{ check, summary: finding.summary, remedy: finding.remedy, ...seenIn(finding) }]
      : [],
  );
};

/** What carries our label or our name, as it is read now: after a purge it should be nothing but what the plan said would stay. */
export const readLeft = async (cluster: ClusterRead): Promise<readonly KubeObject[]> => {
  const kinds = await listableKinds(cluster);
  const lists = await Promise.all(
    kinds.map(({ apiVersion, kind }) => cluster.list({ apiVersion, kind, labelSelector: OWNER_LABEL })),
  );
  const lock = await cluster.get(LEASE);
  return [...lists.flat().filter((object) => !isCopy(object)), ...(lock ? [lock] : [])];
};

/** What uninstall would remove. Reads only; throws when the account may not read or remove it (exit 1). */
export const planUninstall = async (install: Installation, removal: Removal, tools: Tools): Promise<Plan> => {
  const { cluster, now } = tools;
  const kinds = await listableKinds(cluster);
  const options: PlanOptions = { goal: "absent", live: takeSnapshot(cluster), now, kinds };
  const plan = await makePlan(steps(install, removal), options).catch(async (error: unknown) => {
    throw await unreadable(error, cluster);
  });
  await judgeRights("uninstall", { plan }, tools);
  return plan;
};

export const runUninstall = (plan: Plan, install: Installation, removal: Removal, tools: Tools): Promise<Report> =>
  runAlone(plan, steps(install, removal), install, tools);

/** Carries out a plan of what nobody else writes, and holds nobody up. `timeoutMs`: for all of it. */
export const runBeside = (plan: Plan, list: readonly Step[], tools: Tools, timeoutMs: number): Promise<Report> => {
  const nothing = withoutManifests(tools.config);
  return runAside(plan, list, {
    ...tools,
    snapshot: directSnapshot,
    takeOwnership: false,
    timeoutMs,
    issue: issueFor(nothing, tools),
    settleAccount: settleAccount(nothing, tools),
  });
};

/** Carries out a plan while nobody else does. */
export const runAlone = (
  plan: Plan,
  list: readonly Step[],
  install: Installation,
  tools: Tools,
  { bringsHome = true, ...options }: Pick<RunTools, "snapshot"> & { readonly bringsHome?: boolean } = {},
): Promise<Report> =>
  runLocked(plan, list, {
    ...tools,
    ...options,
    ...(bringsHome ? { home: withOwner(homeNamespace, "state") } : {}),
    takeOwnership: tools.config.takeOwnership,
    timeoutMs: tools.config.timeout * 1000,
    issue: issueFor(install, tools),
    settleAccount: settleAccount(install, tools),
  });
