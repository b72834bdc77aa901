import { directoryOf } from "../certificates/index.ts";
import { type Renewal, renewalOf } from "../certificates/renewal.ts";
import { inspect } from "../certificates/secret.ts";
import { WILDCARD } from "../certificates/served.ts";
import { type Change, ofKind } from "../changes/index.ts";
import { makePlan } from "../changes/plan.ts";
import type { Step } from "../changes/step.ts";
import { certificateMade, noCertificate } from "../checks/renewal.ts";
import { demand } from "../checks/run.ts";
import { changesOf, type Plan } from "../core/change.ts";
import { errorOf } from "../core/finding-error.ts";
import type { Report } from "../core/run.ts";
import { asWritten } from "../kube/as-written.ts";
import { directSnapshot } from "../kube/snapshot.ts";
import { UserError } from "../ports/error.ts";
import type { KubeObject } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { certificate, gatewayTls } from "../steps/gateway-certificate/index.ts";
import type { Installation } from "../steps/installation.ts";
import { proof } from "../steps/proof/index.ts";
import { withRenewalRights } from "./judging.ts";
import { runAlone } from "./lifecycle.ts";
import type { Tools } from "./tools.ts";

/** The steps of the installation that a renewal runs. The other steps that they need are done already. */
const renewalSteps = (install: Installation): readonly Step[] => {
  const steps = [certificate(install, { alone: true }), gatewayTls(install), proof(install, { ofCertificate: true })];
  const ids = new Set<string>(steps.map(({ id }) => id));
  return steps.map((step) => ({ ...step, needs: step.needs.filter((id) => ids.has(id)) }));
};

/** Throws when there is no certificate that could be renewed (exit code 2). */
export const judgeCertificate = (tools: Tools): Promise<void> => demand([certificateMade], tools);

/** When the certificate is due. Throws when there is none of ours (exit code 2). */
export const nextRenewal = async (install: Installation, tools: Tools): Promise<Renewal> => {
  const found = inspect(await tools.cluster.get(WILDCARD));
  if (!found) throw errorOf(certificateMade, noCertificate, { kind: "input" });
  const directory = directoryOf(install.config);
  const authority = directory
    ? await tools.createAuthority({ directory, ...(install.acmeCa ? { ca: install.acmeCa } : {}) })
    : undefined;
  return renewalOf(found, authority, tools.signal);
};

/** Adds to the installation whether its certificate is due. This overrides what the certificate's dates alone would say. */
export const withRenewal = async (
  install: Installation,
  { at, because }: Renewal,
  { cluster, now }: Tools,
): Promise<Installation> => {
  const serial = inspect(await cluster.get(WILDCARD))?.serial;
  if (!serial) return install;
  return { ...install, renewal: { serial, ...(now() >= at ? { reason: `due: ${because}` } : {}) } };
};

/**
 * When the certificate is due, and what a renewal would change now; `due` is the installation that it would make. Reads only. Throws when
 * there is no certificate (exit code 2) or a right is missing (exit code 1).
 */
export const planDue = (
  install: Installation,
  tools: Tools,
): Promise<{ readonly renewal: Renewal; readonly due: Installation; readonly plan: Plan<Change> }> =>
  withRenewalRights(install, tools, async () => {
    const renewal = await nextRenewal(install, tools);
    const due = await withRenewal(install, renewal, tools);
    return { renewal, due, plan: await planRenewal(due, tools) };
  });

/** What a renewal would change: nothing when it is not due. Reads only. */
export const planRenewal = (install: Installation, { cluster, now }: Tools): Promise<Plan<Change>> =>
  makePlan(renewalSteps(install), { goal: "present", live: directSnapshot(cluster), now, cluster });

/**
 * Carries it out. A certificate that the gateway then does not serve goes: the old Secret is put back and taken up again, and the run has
 * failed (rule 25).
 */
export const runRenewal = async (plan: Plan, install: Installation, tools: Tools): Promise<Report> => {
  const before = await tools.cluster.get(WILDCARD);
  const report = await runAlone(plan, renewalSteps(install), install, tools, { snapshot: directSnapshot });
  const isReplaced = report.steps.some(({ id, status }) => id === "certificate" && status === "done");
  const willChange = changesOf(plan).some(ofKind("certificate"));
  if (report.outcome !== "failed" || !willChange || !isReplaced || !before) return report;
  const restored = await putBack(before, install, tools);
  const [what, why] = [report.error?.message ?? "The new certificate is not served.", restored.error?.message];
  return {
    ...report,
    error: new UserError({
      id: "renew.put-back",
      what: `The new certificate was not served: ${what}`,
      why: why
        ? `The old one could not be put back either: ${why}`
        : "The old one was put back, and is served until its end.",
      remedy: {
        text: "See why the gateway does not take it up, then renew again.",
        command: sh`kn-bootstrap renew -v`,
      },
      kind: "failed",
    }),
  };
};

/** Puts the old Secret back and rolls the gateway, as a run of its own. */
const putBack = async (before: KubeObject, install: Installation, tools: Tools): Promise<Report> => {
  const old = asWritten(before);
  const current = inspect(await tools.cluster.get(WILDCARD));
  // The plan is made while the new Secret is still there, so that the change back rolls the gateway.
  const going = current ? { ...install, renewal: { serial: current.serial, reason: "put back" } } : install;
  const steps: readonly Step[] = [
    {
      id: "certificate",
      title: "Put the old certificate back",
      undo: "",
      needs: [],
      plan: (ctx) => ctx.reconcile([old]),
      verify: [],
    },
    { ...gatewayTls(going), needs: ["certificate"] },
  ];
  const plan = await makePlan(steps, {
    goal: "present",
    live: directSnapshot(tools.cluster),
    now: tools.now,
    cluster: tools.cluster,
  });
  return runAlone(plan, steps, install, tools, { snapshot: directSnapshot });
};
