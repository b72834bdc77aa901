import { makePlan } from "../../changes/plan.ts";
import { rightsOfCanary } from "../../checks/canary/context.ts";
import { canaryReady } from "../../checks/canary/ready.ts";
import { findInstallation, KNATIVE } from "../../checks/found.ts";
import { isReady, whyNotReady } from "../../checks/knative-service/index.ts";
import type { Check } from "../../core/check.ts";
import { fail, ok } from "../../core/check.ts";
import type { Report } from "../../core/run.ts";
import { directSnapshot } from "../../kube/snapshot.ts";
import { describe, textAt, VERSION_LABEL } from "../../ports/object.ts";
import { loadCatalog } from "../../releases/catalog.ts";
import { type CanaryWish, canaryRef } from "../../steps/canary/objects.ts";
import { canary as canaryStep } from "../../steps/canary/step.ts";
import { runBeside } from "../lifecycle.ts";
import { helloFrom } from "../prepare.ts";
import type { Tools } from "../tools.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Ask, Questions } from "./questions.ts";
import { askWorld } from "./world.ts";

/** How the canary is wanted. */
export interface CanaryAsked {
  /** One that is there already. Absent: one of its own. */
  readonly namespace?: string;
  /** Absent: the proof's, from where the installation takes all images. */
  readonly image?: string;
}

/** Longest that is waited for it to be ready, and for all of its run. */
const WAIT_MS = 180_000;
const RUN_MS = 300_000;

interface Asking {
  readonly ask: Ask;
  /** Makes it, lets `look` ask while it is there, and takes it away whatever happens. Rejects where it was interrupted. */
  readonly walk: (asked: CanaryAsked, before: Diagnosis, look: () => Promise<Diagnosis>) => Promise<Diagnosis>;
}

/** Asks the world, and of a canary what only its maker knows. */
export const askWithCanary = (tools: Tools): Asking => {
  const world = askWorld(tools);
  let made: Questions["canary"]["answer"] | undefined;
  let settled: Promise<Questions["settled"]["answer"]> | undefined;
  const nobody = async (): Promise<never> => {
    throw new Error("there is no canary");
  };
  const ofCanary = (asked: string, of: unknown, signal?: AbortSignal): Promise<unknown> =>
    asked === "settled" ? (settled ?? nobody()) : world(asked as never, of as never, signal);
  const ask = ((asked, of, signal) => {
    if (asked === "canary") return Promise.resolve(made);
    if (asked !== "later") return world(asked, of, signal);
    const question = of as Questions["later"]["of"];
    return ofCanary(question.asked, question.of, signal);
  }) as Ask;

  return {
    ask,
    walk: async (asked, before, look) => {
      const wish = await wishOf(asked, tools);
      made = { service: canaryRef(wish), ownNamespace: wish.namespace === undefined };
      if (isHopeless(before) || !(await mayMake(made, tools))) return look();
      let found: Diagnosis | undefined;
      const began = performance.now();
      const up = Promise.withResolvers<Questions["settled"]["answer"]>();
      settled = up.promise;
      settled.catch(() => {});
      const report = await run(wish, tools, [
        settling(made, (isUp) => up.resolve({ isReady: isUp, ms: Math.round(performance.now() - began) }), began),
        {
          id: "canary.walked",
          title: "It was asked on each part of the way",
          run: async () => {
            found = await look();
            return ok("");
          },
        },
      ]);
      if (report.outcome === "interrupted") throw report.error;
      if (!found) {
        up.reject(report.error);
        return look();
      }
      if (report.error)
        tools.emit({
          type: "note",
          level: "warning",
          text: `${report.error.message}. The next doctor --probe removes it.`,
        });
      return found;
    },
  };
};

const wishOf = async ({ namespace, image }: CanaryAsked, { cluster, holder, now }: Tools): Promise<CanaryWish> => {
  const [{ choices }, home] = await Promise.all([
    findInstallation(cluster),
    cluster.get({ apiVersion: "v1", kind: "Namespace", name: KNATIVE }),
  ]);
  const imageRegistry = textAt(choices, "image-registry");
  return {
    ...(namespace ? { namespace } : {}),
    image: image ?? helloFrom(await loadCatalog(), imageRegistry ? { imageRegistry } : {}),
    version: home?.metadata.labels?.[VERSION_LABEL] ?? "",
    maker: holder.name,
    until: new Date(now().getTime() + RUN_MS),
  };
};

/** What it needs is known to be broken already: making it would tell nothing new. */
const isHopeless = ({ all }: Diagnosis): boolean =>
  all.some(({ check, finding }) => canaryReady.needs?.includes(check.id) && finding.status === "fail");

const mayMake = async (canary: Questions["canary"]["answer"], { cluster }: Tools): Promise<boolean> =>
  (await cluster.canEach(rightsOfCanary(canary))).every(Boolean);

/** Ends when it is ready, when waiting cannot help, and when it was waited for long enough: what it is then is what is looked at. */
const settling = ({ service }: Questions["canary"]["answer"], end: (isUp: boolean) => void, began: number): Check => ({
  id: "canary.settled",
  title: `${describe(service)} is ready`,
  run: async (ctx, memory) => {
    const live = await ctx.cluster.get(service);
    const isUp = isReady(live);
    const finding = live && !isUp ? await whyNotReady(ctx, live, memory) : undefined;
    const isLate = performance.now() - began > WAIT_MS;
    if (!isUp && !isLate && !(finding && "permanent" in finding && finding.permanent))
      return finding ?? fail(`${describe(service)} is not there yet`, { text: "Wait." });
    end(isUp);
    return ok("");
  },
});

/** Its events are no news of a diagnosis. */
const run = async (wish: CanaryWish, tools: Tools, verify: readonly Check[]): Promise<Report> => {
  const { cluster, now, holder } = tools;
  const steps = [canaryStep(wish, holder.isDead, verify)];
  const live = directSnapshot(cluster);
  try {
    const plan = await makePlan(steps, { goal: "present", live, now, cluster, kinds: [] });
    return await runBeside(plan, steps, { ...tools, emit: () => {} }, RUN_MS);
  } catch (error) {
    tools.signal.throwIfAborted();
    return {
      outcome: "failed",
      steps: [],
      seconds: 0,
      error: error instanceof Error ? error : new Error(String(error)),
    };
  }
};
