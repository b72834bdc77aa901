import type { ReadContext } from "../../core/check.ts";
import { ApiError } from "../../ports/cluster.ts";
import { at, isRecord, type KubeObject, textAt } from "../../ports/object.ts";

const LINES = 50;

const startOf = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? "";

/** The newest of several; undefined: there are none. */
export const newestOf = (objects: readonly KubeObject[]): KubeObject | undefined =>
  objects.toSorted((a, b) => (startOf(a) < startOf(b) ? 1 : -1))[0];

/**
 * What the last pod of a Job wrote at its end, as it stands in its status, else in its log. Empty: its pods are gone, wrote nothing, or may
 * not be read.
 */
export const lastWords = async (
  { cluster }: Pick<ReadContext, "cluster">,
  job: KubeObject,
  pods: readonly KubeObject[],
): Promise<string> => {
  const { name, namespace = "" } = job.metadata;
  const own = pods.filter(
    ({ metadata }) =>
      metadata.namespace === namespace &&
      (metadata.labels?.["job-name"] === name || metadata.labels?.["batch.kubernetes.io/job-name"] === name),
  );
  const pod = newestOf(own);
  if (!pod) return "";
  const states = at(pod, "status", "containerStatuses");
  const kept = (Array.isArray(states) ? states : [])
    .filter(isRecord)
    .map((one) => textAt(one, "state", "terminated", "message"));
  const told = kept.find((message) => message !== "");
  if (told) return told;
  try {
    return await cluster.logs({ namespace, pod: pod.metadata.name, lines: LINES });
  } catch (error) {
    // It only explains: who may not read it, or comes too late, is told the rest.
    if (error instanceof ApiError) return "";
    throw error;
  }
};

/** The last line of a log that says what went wrong: a record's message and error, else the line. Empty: none does. */
export const complaintIn = (log: string): string => {
  const lines = log.split("\n").map((line) => line.trim());
  const said = lines.filter((line) => line !== "").map(complaintOf);
  return said.findLast((one) => one !== "") ?? "";
};

/** Levels of zap and of our own lines that are no news. */
const QUIET = /^(debug|info|notice)$/i;

const complaintOf = (line: string): string => {
  const entry = recordIn(line);
  if (!entry) return /error|fatal|fail|denied|refused|cannot/i.test(line) ? line : "";
  const level = textAt(entry, "level") || textAt(entry, "severity");
  if (QUIET.test(level)) return "";
  const parts = [textAt(entry, "message") || textAt(entry, "msg") || textAt(entry, "what"), textAt(entry, "error")];
  const isBad = level !== "" || textAt(entry, "error") !== "" || textAt(entry, "type") === "error";
  return isBad ? parts.filter((part) => part !== "").join(": ") : "";
};

const recordIn = (line: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
