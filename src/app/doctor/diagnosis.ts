import type { HealthCheck, HealthContext } from "../../checks/health-check.ts";
import { type Judged as JudgedBy, runChecks } from "../../checks/run.ts";
import { keyOf } from "../../ports/object.ts";
import { notingSecrets } from "./asked-secrets.ts";
import { withKeepers } from "./fixing/keepers.ts";
import { withGrant } from "./grant.ts";
import { lookOnce } from "./unread.ts";

export interface Judged extends JudgedBy<HealthContext> {
  readonly check: HealthCheck;
}

/** What is wrong by itself, with what is wrong or could not be judged because of it. */
export interface Cause extends Judged {
  readonly explains: readonly Judged[];
  /** How many findings and objects that are. */
  readonly weight: number;
}

export interface Diagnosis {
  /** Every check, in the order of the registry. */
  readonly all: readonly Judged[];
  /** The one that explains most first; failures before warnings. Each is independent of the others. */
  readonly causes: readonly Cause[];
  /** What could not be looked at. */
  readonly unseen: readonly Judged[];
}

/**
 * Runs every check, says of each remedy where it lasts, and puts causes before what they explain. `before`: what was found already, which
 * they may need.
 */
export const diagnose = async (
  checks: readonly HealthCheck[],
  ctx: HealthContext,
  before: readonly Judged[] = [],
): Promise<Diagnosis> => {
  const { noted, secrets } = notingSecrets(ctx);
  const judged = (await runChecks(checks, noted, lookOnce, before)) as readonly Judged[];
  const lasting = judged.map(async (one) => ({ ...one, finding: await withKeepers(one.finding, ctx.cluster) }));
  return rank([...before, ...(await withGrant(await Promise.all(lasting), ctx.cluster, secrets()))]);
};

/**
 * The causal graph is data: what a check needs, and of what it is a symptom ({@link HealthCheck.symptomOf}). A finding with a failed one
 * before it, at whatever distance, is explained by that; the others are causes. What is well passes nothing on.
 */
export const rank = (all: readonly Judged[]): Diagnosis => {
  const byId = new Map(all.map((one) => [one.check.id, one]));
  const before = ({ check }: Judged): readonly Judged[] =>
    [...(check.needs ?? []), ...(check.symptomOf ?? [])].flatMap((id) => byId.get(id) ?? []);
  const rootsOf = (one: Judged, way: ReadonlySet<Judged>): readonly Judged[] => {
    if (way.has(one) || (way.size > 0 && one.finding.status === "ok")) return [];
    const further = before(one).flatMap((earlier) => rootsOf(earlier, new Set([...way, one])));
    return further.length === 0 && isFailed(one) ? [one] : further;
  };
  const roots = new Map(all.map((one) => [one, new Set(rootsOf(one, new Set()))]));
  const isOwn = (one: Judged): boolean => [...(roots.get(one) ?? [])].every((root) => root === one);
  const wrong = all.filter((one) => isFailed(one) || one.finding.status === "warn");
  const causes = wrong.filter(isOwn).map((cause): Cause => {
    const explains = all.filter((one) => one !== cause && isAffected(one) && roots.get(one)?.has(cause));
    return { ...cause, explains, weight: explains.reduce((sum, one) => sum + objectsIn(one), 0) };
  });
  return {
    all,
    causes: causes.toSorted((a, b) => severity(b) - severity(a) || b.weight - a.weight),
    unseen: all.filter((one) => one.finding.status === "unknown"),
  };
};

const isFailed = ({ finding }: Judged): boolean => finding.status === "fail";

/** Wrong itself, or not judged because something before it is. */
const isAffected = ({ finding, because }: Judged): boolean =>
  finding.status === "fail" || finding.status === "warn" || because !== undefined;

const severity = ({ finding }: Judged): number => (finding.status === "fail" ? 1 : 0);

/** A finding about many objects counts as many. */
const objectsIn = ({ finding: { evidence = [] } }: Judged): number =>
  Math.max(1, new Set(evidence.flatMap(({ object }) => (object ? [keyOf(object)] : []))).size);

/** `fail`: something is wrong. `unknown`: nothing is, of what could be looked at. */
export const verdict = ({ causes, unseen }: Diagnosis): "ok" | "warn" | "fail" | "unknown" => {
  if (causes.some(isFailed)) return "fail";
  if (unseen.length > 0) return "unknown";
  return causes.length > 0 ? "warn" : "ok";
};
