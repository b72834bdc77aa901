import type { ReadContext } from "../../core/check.ts";
import { ApiError } from "../../ports/cluster.ts";
import type { KubeObject } from "../../ports/object.ts";

/** What OpenTelemetry's SDK says in the log of a process that could not send, by Go's own logger (otel/sdk/metric, PeriodicReader). */
const FAILED =
  /^(?:(?<date>\d{4})\/(?<month>\d\d)\/(?<day>\d\d) (?<time>[\d:]{8}) )?failed to upload metrics: (?<why>.+)$/;
const LINES = 200;
const LENGTH = 300;

export interface Failing {
  readonly why: string;
  /** Undefined: it does not say. */
  readonly at: Date | undefined;
}

/** The last time that a container of a pod could not send what it has measured. Undefined: never, or its log cannot be read. */
export const failingIn = async (
  { cluster }: Pick<ReadContext, "cluster">,
  { metadata: { namespace = "", name } }: KubeObject,
  container: string,
): Promise<Failing | undefined> => {
  const log = await cluster.logs({ namespace, pod: name, container, lines: LINES }).catch((error: unknown) => {
    if (error instanceof ApiError) return "";
    throw error;
  });
  const found = log
    .split("\n")
    .map((line) => FAILED.exec(line)?.groups)
    .findLast((groups) => groups !== undefined);
  if (!found) return undefined;
  const { date, month, day, time, why = "" } = found;
  return { why: why.slice(0, LENGTH), at: date ? new Date(`${date}-${month}-${day}T${time}Z`) : undefined };
};
