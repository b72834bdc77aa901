import { badRequest, type FieldError, invalid, prohibited, wrong } from "../../api/status.ts";
import type { Obj } from "../../types.ts";

/** What somebody who asks for a log wants of it (v1.PodLogOptions). */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since 1970; a time between two seconds counts from the first (the node is told it to the second). */
  readonly since: number;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
}

type Query = Readonly<Record<string, string>>;

const isSet = (text: string | undefined): boolean => text !== undefined && !["false", "0", ""].includes(text);

const numberIn = (query: Query, name: string): number | undefined => {
  const text = query[name];
  if (text === undefined || text === "") return undefined;
  if (/^-?\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
};

const timeIn = (text: string | undefined): number | undefined => {
  if (text === undefined || text === "") return undefined;
  const time = Date.parse(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(time)) return Math.floor(time / 1000) * 1000;
  const why = `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`;
  throw badRequest(why);
};

/** Throws StatusError 400 for what cannot be read and 422 for what is out of range (validation.ValidatePodLogOptions). */
export const logOptionsOf = (query: Query, pod: string): LogOptions => {
  const [tailLines, limitBytes, sinceSeconds] = ["tailLines", "limitBytes", "sinceSeconds"].map((name) =>
    numberIn(query, name),
  );
  const sinceTime = timeIn(query.sinceTime);
  const atLeast = (field: string, value: number | undefined, least: number): readonly FieldError[] => {
    const what = `must be greater than ${least === 0 ? "or equal to " : ""}0`;
    return value === undefined || value >= least ? [] : [wrong(field, value, what)];
  };
  const isTwice = sinceSeconds !== undefined && sinceTime !== undefined;
  const errors = [
    ...atLeast("tailLines", tailLines, 0),
    ...atLeast("limitBytes", limitBytes, 1),
    ...(isTwice
      ? [prohibited("", "at most one of `sinceTime` or `sinceSeconds` may be specified")]
      : atLeast("sinceSeconds", sinceSeconds, 1)),
  ];
  if (errors.length > 0) throw invalid("", "PodLogOptions", pod, errors);
  return {
    follow: isSet(query.follow),
    previous: isSet(query.previous),
    timestamps: isSet(query.timestamps),
    since: sinceTime ?? (sinceSeconds === undefined ? 0 : Date.now() - sinceSeconds * 1000),
    tailLines,
    limitBytes,
  };
};

/** The container that is asked for, or the only one. Throws StatusError 400 (registry/core/pod/strategy.go, validateContainer). */
export const logContainerOf = (pod: Obj, asked: string | undefined): string => {
  const names = (list: readonly Obj[] = []): readonly string[] => list.map(({ name }) => name);
  const [own, init] = [names(pod.spec.containers), names(pod.spec.initContainers)];
  const { name } = pod.metadata;
  if (asked && [...own, ...init, ...names(pod.spec.ephemeralContainers)].includes(asked)) return asked;
  if (asked) throw badRequest(`container ${asked} is not valid for pod ${name}`);
  const [only] = own;
  if (only !== undefined && own.length === 1) return only;
  const others = init.length > 0 ? ` or one of the init containers: [${init.join(" ")}]` : "";
  const which = `choose one of: [${own.join(" ")}]${others}`;
  throw badRequest(`a container name must be specified for pod ${name}, ${which}`);
};
