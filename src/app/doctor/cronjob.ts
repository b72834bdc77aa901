import { makePlan } from "../../changes/plan.ts";
import type { HealthCheck } from "../../checks/health-check.ts";
import type { Plan } from "../../core/change.ts";
import type { Report } from "../../core/run.ts";
import { directSnapshot } from "../../kube/snapshot.ts";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import type { DoctorWish } from "../../steps/doctor/objects.ts";
import { type Asked, doctorRights } from "../../steps/doctor/rights.ts";
import { doctorCron, doctorRemoval } from "../../steps/doctor/step.ts";
import { CRON_KINDS } from "../../steps/in-cluster/objects.ts";
import type { Right } from "../../steps/rights.ts";
import { judgeRights } from "../judging.ts";
import { runAlone } from "../lifecycle.ts";
import { withoutManifests } from "../prepare.ts";
import type { Tools } from "../tools.ts";
import { examine } from "./index.ts";

/** What would be installed, and with which rights. */
export interface DoctorPlan {
  readonly plan: Plan;
  readonly wish: DoctorWish;
  readonly rights: readonly Right[];
}

/** Looks once, so that the account gets the Secrets that are asked for, and no others. Reads only. Throws UserError (input) without an image. */
export const planDoctorCron = async (
  { image, ...rest }: Partial<DoctorWish>,
  checks: readonly HealthCheck[],
  tools: Tools,
): Promise<DoctorPlan> => {
  if (!image)
    throw new UserError({
      id: "cron.image",
      what: "--install-cronjob needs --image.",
      why: "The nodes must pull kn-bootstrap from somewhere.",
      remedy: {
        text: "Build it from the Dockerfile of this repository, push it, and name it:",
        command: sh`docker build -t registry.example.com/kn-bootstrap . && docker push registry.example.com/kn-bootstrap`,
      },
      kind: "input",
    });
  const { cluster, now } = tools;
  const wish = { ...rest, image };
  const [asked, known] = await Promise.all([askedFor(checks, tools), cluster.resources()]);
  const rights = doctorRights(checks, asked, known);
  const live = directSnapshot(cluster);
  const plan = await makePlan([doctorCron(rights, wish)], { goal: "present", live, now, cluster, kinds: CRON_KINDS });
  await judgeRights("doctor", { plan }, tools);
  return { plan, wish, rights };
};

/** In namespaces that are there: in no other can a Role be. */
const askedFor = async (checks: readonly HealthCheck[], tools: Tools): Promise<readonly Asked[]> => {
  const [{ recording }, namespaces] = await Promise.all([
    examine(tools, checks),
    tools.cluster.list({ apiVersion: "v1", kind: "Namespace" }),
  ]);
  const there = new Set(namespaces.map(({ metadata }) => metadata.name));
  return recording.answers.flatMap(({ asked, of }) => {
    const question = of as Asked | undefined;
    const isRead = question !== undefined && (asked === "get" || asked === "list");
    return isRead && question.namespace && there.has(question.namespace) ? [question] : [];
  });
};

export const runDoctorCron = ({ plan, wish, rights }: DoctorPlan, tools: Tools): Promise<Report> =>
  runAlone(plan, [doctorCron(rights, wish)], withoutManifests(tools.config), tools, { snapshot: directSnapshot });

const removal = doctorRemoval(true);

/** What would be removed: everything that carries the step's label, and what it has published. Reads only. */
export const planDoctorRemoval = async (tools: Tools): Promise<Plan> => {
  const { cluster, now } = tools;
  const plan = await makePlan([removal], {
    goal: "absent",
    live: directSnapshot(cluster),
    now,
    kinds: CRON_KINDS,
  });
  await judgeRights("doctor", { plan }, tools);
  return plan;
};

export const runDoctorRemoval = (plan: Plan, tools: Tools): Promise<Report> =>
  runAlone(plan, [removal], withoutManifests(tools.config), tools, { snapshot: directSnapshot });
