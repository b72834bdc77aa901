import type { ReadContext } from "../../core/check.ts";
import { ApiError } from "../../ports/cluster.ts";
import type { KubeObject } from "../../ports/object.ts";
import { LOGGING } from "./names.ts";

/** Lines that are asked for. */
const LINES = 2000;

/** Pods of one name in the namespace of logs. */
export const podsCalled = async (ctx: ReadContext, name: string): Promise<readonly KubeObject[]> =>
  (await ctx.cluster.list({ apiVersion: "v1", kind: "Pod", namespace: LOGGING })).filter(
    ({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === name,
  );

/** A pod that has just gone or not started says nothing. */
export const orNothing = async (reading: Promise<string>): Promise<string> => {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ApiError && [400, 404, 503].includes(error.status)) return "";
    throw error;
  }
};

/** The first pod of a Job, and what it has written. */
export const logOf = async (
  ctx: ReadContext,
  name: string,
): Promise<{ readonly pod: KubeObject | undefined; readonly log: string }> => {
  const [pod] = await podsCalled(ctx, name);
  return { pod, log: pod ? await said(ctx, pod) : "" };
};

/** What it has written last. */
export const said = (ctx: ReadContext, { metadata: { name } }: KubeObject): Promise<string> =>
  orNothing(ctx.cluster.logs({ namespace: LOGGING, pod: name, lines: LINES }));
