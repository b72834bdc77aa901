import { type Finding, fail, type Memory, never, type ReadContext } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { conditionOf, type KubeObject, textAt } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";
import { clusterEventsIn } from "../events.ts";
import { countedSince, ENOUGH_REFUSALS } from "../pods.ts";
import { pullProblem } from "../pull.ts";

const UNRESOLVED = /Unable to fetch image "([^"]+)": (?:failed to resolve image to digest: )?(.*)/s;

/** Why Knative's controller cannot find out which digest the tag of an image means; undefined: it could, or has not asked yet. */
export const digestProblem = async (
  ctx: ReadContext,
  subject: string,
  revision: KubeObject,
  memory: Memory,
): Promise<Finding | undefined> => {
  const { uid = "", name, namespace = "" } = revision.metadata;
  const healthy = conditionOf(revision, "ContainerHealthy");
  const [, image, why] = UNRESOLVED.exec(textAt(healthy, "message")) ?? [];
  if (!image || why === undefined || healthy?.status !== "False") {
    if (!memory.has(uid)) memory.set(uid, 0);
    return undefined;
  }
  const { summary, remedy, refused, host } = pullProblem(
    image,
    why,
    sh`kubectl describe revision ${name} -n ${namespace}`,
  );
  // It asks again with longer and longer pauses, and each refusal is an event.
  const count = (await clusterEventsIn(ctx, namespace))
    .filter(({ about, message }) => about === uid && UNRESOLVED.exec(message)?.[1] === image)
    .reduce((sum, one) => sum + one.count, 0);
  const isPermanent = refused && countedSince(memory, uid, count) >= ENOUGH_REFUSALS;
  const reason = `cannot get its image: ${summary}`;
  return (isPermanent ? never : fail)(`${subject} ${reason}`, refused ? remedy : unasked(host, remedy), {
    facts: { reason, ...(refused ? { image } : {}) },
  });
};

/** It is the controller that asks, not the nodes: they may well be able to pull. */
const unasked = (host: string, { command }: Remedy): Remedy => ({
  text: `Knative's controller asks ${host} itself which digest the tag means: look at its network, DNS and proxy, and at the registry's certificate. Where the nodes can pull, it need not ask: ${sh`--skip-tag-resolution ${host}`}.`,
  ...(command ? { command } : {}),
});
