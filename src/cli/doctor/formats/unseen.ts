import type { Judged } from "../../../app/doctor/diagnosis.ts";
import type { UnansweredRequest } from "../../../ports/facts.ts";

/** What several could not see for the same reason. */
export interface Unseen {
  readonly why: string;
  readonly judged: readonly Judged[];
}

const isRefused = ({ finding }: Judged): boolean => finding.facts?.request?.status === 403;

/** All that the account may not read is one reason; anything else is told once for each. */
export const unseenByReason = (unseen: readonly Judged[]): readonly Unseen[] => {
  const groups = Map.groupBy(unseen, (one) => (isRefused(one) ? "" : one.finding.summary));
  return [...groups].map(([why, judged]) => ({
    why: why === "" && judged.length > 1 ? refusedText(judged) : (judged[0]?.finding.summary ?? ""),
    judged,
  }));
};

/** `refused with 403: list nodes, pods; in namespace n: get configmaps/state`. Of what may not be listed at all, that says enough. */
const refusedText = (judged: readonly Judged[]): string => {
  const all = judged.flatMap(({ finding }) => finding.facts?.request ?? []);
  const isOfAll = ({ verb, namespace }: UnansweredRequest): boolean => verb === "list" && namespace === undefined;
  const whole = new Set(all.filter(isOfAll).map(({ resource }) => resource));
  const requests = all.filter((request) => isOfAll(request) || !whole.has(request.resource));
  const places = [...Map.groupBy(requests, ({ namespace = "" }) => namespace)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `refused with 403: ${places
    .map(([namespace, some]) => `${namespace === "" ? "" : `in namespace ${namespace}: `}${verbsText(some)}`)
    .join("; ")}`;
};

const verbsText = (requests: readonly UnansweredRequest[]): string =>
  [...Map.groupBy(requests, ({ verb }) => verb)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([verb, some]) => {
      const names = some.map(({ resource, name }) => (name === undefined ? resource : `${resource}/${name}`));
      return `${verb} ${[...new Set(names)].toSorted().join(", ")}`;
    })
    .join(", ");
