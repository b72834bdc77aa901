import { accountRef } from "../certificates/acme/account.ts";
import { directoryOf } from "../certificates/index.ts";
import { kindOf, ofKind } from "../changes/index.ts";
import { directoryNow } from "../checks/authority.ts";
import type { Purpose } from "../checks/cluster-role.ts";
import type { HealthContext, Order } from "../checks/health-check.ts";
import { noConflicts } from "../checks/plan/conflicts.ts";
import type { NamedRights, PlanContext } from "../checks/plan/context.ts";
import { namedRights } from "../checks/plan/named-rights.ts";
import { caaPermitsOrder, caTakesOrder } from "../checks/plan/order.ts";
import { recordsWritable } from "../checks/plan/records.ts";
import { accountRights } from "../checks/plan/rights.ts";
import { demand } from "../checks/run.ts";
import { ownNaming } from "../config/naming.ts";
import { changesOf, type Plan } from "../core/change.ts";
import { HOME } from "../kube/home.ts";
import { ApiError } from "../ports/cluster.ts";
import { groupOf } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { renewalRights } from "../steps/index.ts";
import type { Installation } from "../steps/installation.ts";
import { questionsFor } from "../steps/rights.ts";
import { locking } from "../steps/state/rights.ts";
import { externalAccount } from "./external-account.ts";
import type { Tools } from "./tools.ts";

type Known = Pick<Installation, "config" | "dns" | "acmeCa">;

/** An order of these names, where a CA is asked at all. */
const orderOf = ({ config, acmeCa }: Known, names: readonly string[]): { readonly order?: Order } => {
  const directory = directoryOf(config);
  const { acmeProfile } = config;
  if (directory === undefined || names.length === 0) return {};
  return {
    order: { names, directory, ...(acmeProfile ? { profile: acmeProfile } : {}), ...(acmeCa ? { root: acmeCa } : {}) },
  };
};

/** What checks look at, and what with, where the choices of an installation are known. */
const contextOf = ({ dns }: Known, { cluster, zones, ...tools }: Tools): HealthContext => ({
  ...tools,
  cluster,
  dryRun: cluster.dryRun,
  ...(dns && zones ? { records: async () => ({ ...dns.publication, zones }) } : {}),
});

/** The same for what a renewal would go through. */
export const renewalContext = (known: Known, tools: Tools): HealthContext => ({
  ...contextOf(known, tools),
  ...orderOf(known, ownNaming(known.config)?.wildcards ?? []),
});

/** The same for a plan. `whole`: the plan from nothing. */
const planContext = (
  known: Known,
  tools: Tools,
  { plan, whole = plan, purpose }: { readonly plan: Plan; readonly whole?: Plan; readonly purpose: Purpose },
): PlanContext => {
  const ordered = changesOf(plan)
    .filter(ofKind("certificate"))
    .flatMap(({ names, isOrdered }) => (isOrdered ? names : []));
  const ctx = { ...contextOf(known, tools), ...orderOf(known, [...new Set(ordered)]) };
  let asked: ReturnType<typeof directoryNow> | undefined;
  const { order } = ctx;
  return {
    ...ctx,
    plan,
    whole,
    purpose,
    takeOwnership: tools.config.takeOwnership,
    hasExternalAccount: async () => (await externalAccount(tools.env)) !== undefined,
    ...(order
      ? {
          directory: () => {
            asked ??= directoryNow(order, ctx);
            return asked;
          },
        }
      : {}),
  };
};

/** Throws what keeps an install from being carried out, before its first write. */
export const judgeInstall = (plan: Plan, whole: Plan, install: Installation, tools: Tools): Promise<void> =>
  demand(
    [noConflicts, accountRights, caTakesOrder, recordsWritable, caaPermitsOrder],
    planContext(install, tools, { plan, whole, purpose: "install" }),
  );

/** The same for a renewal. */
export const judgeRenewal = async (plan: Plan, install: Installation, tools: Tools): Promise<void> => {
  await judgeRenewalRights(install, tools);
  await demand([recordsWritable, caaPermitsOrder], planContext(install, tools, { plan, purpose: "renew" }));
};

/** Throws (exit code 1) where the account lacks rights that the plan takes; for the purpose "plan": that working it out takes. */
export const judgeRights = (
  purpose: Purpose,
  plans: { readonly plan: Plan; readonly whole?: Plan },
  tools: Tools,
): Promise<void> => demand([accountRights], planContext({ config: tools.config }, tools, { ...plans, purpose }));

const judgeNamed = ({ cluster, probe, now, signal }: Tools, named: NamedRights): Promise<void> =>
  demand([namedRights], { cluster, probe, now, signal, named });

/** Throws (exit code 1) where the account lacks a right that a renewal takes: each by its name. */
export const judgeRenewalRights = (install: Installation, tools: Tools): Promise<void> =>
  judgeNamed(tools, {
    purpose: "renew",
    questions: questionsFor(renewalRights(install)),
    remedy: {
      text: "Where the CronJob's account lacks them, an administrator runs this again; it writes the Roles anew:",
      command: sh`kn-bootstrap renew --install-cronjob --image IMAGE`,
    },
  });

/** Throws (exit code 1) where the account may not give the account at this CA a new key. */
export const judgeKeyRollRights = (directory: string, tools: Tools): Promise<void> => {
  const { namespace = HOME, name } = accountRef(directory);
  return judgeNamed(tools, {
    purpose: "renew --roll-account-key",
    questions: questionsFor([
      { namespace, group: "", resource: "secrets", names: [name], verbs: ["get", "patch"] },
      ...locking(),
    ]),
    remedy: { text: "Have somebody run it who has them:", command: sh`kn-bootstrap renew --roll-account-key` },
  });
};

/** Throws (exit code 1) where the account may not change what the plan of `doctor --fix` changes: each by its name. */
export const judgeFixRights = async (plan: Plan, tools: Tools): Promise<void> => {
  const { cluster } = tools;
  const questions = changesOf(plan).map(async (change) => {
    const ref = kindOf(change).ref(change);
    const resource = ref && (await cluster.resource(ref.apiVersion, ref.kind))?.plural;
    if (!ref || resource === undefined) return [];
    const verb = { create: "create", update: "patch", delete: "delete" }[change.action];
    return questionsFor([
      {
        ...(ref.namespace ? { namespace: ref.namespace } : {}),
        group: groupOf(ref.apiVersion),
        resource,
        // What is to be made has no name yet, as the server asks.
        ...(verb === "create" ? {} : { names: [ref.name] }),
        verbs: [verb],
      },
    ]);
  });
  const isHome = await cluster.get({ apiVersion: "v1", kind: "Namespace", name: HOME });
  return judgeNamed(tools, {
    purpose: "doctor --fix",
    questions: [...(await Promise.all(questions)).flat(), ...(isHome ? questionsFor(locking()) : [])],
    remedy: { text: "Have somebody run it who has them:", command: sh`kn-bootstrap doctor --fix` },
    error: "cluster.rights",
  });
};

/** A refused read is answered with all that the account lacks, instead of with the first of many refusals. */
export const withRenewalRights = async <T>(install: Installation, tools: Tools, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) await judgeRenewalRights(install, tools);
    throw error;
  }
};
