import type { Recording } from "./recording.ts";

/** Of the places on the way from a name to a Service. */
export type PlaceId = "dns" | "address" | "gateway" | "serving" | "service";

/** The place that a check is about, by its id or by its area; what is more special stands first. */
const ABOUT: readonly (readonly [PlaceId, RegExp])[] = [
  ["address", /^ingress\.(address|service-type|answered|proxy-protocol)$/],
  ["dns", /^(dns|domain)\./],
  ["gateway", /^(ingress|istio|kourier|contour|gateway-api|cert[a-z-]+|network)\./],
  ["serving", /^(serving|crds|knative)\./],
];

/** Where the way is broken, by what is behind the error, else by the error. Undefined: that does not say it, or nothing has failed. */
export const failedHop = ({ report, problem }: Recording): PlaceId | undefined => {
  if (report?.outcome !== "failed" || !problem) return undefined;
  const ids = [problem.behind?.id, problem.id].filter((id) => id !== undefined);
  return ids.flatMap((id) => ABOUT.find(([, pattern]) => pattern.test(id))?.[0] ?? [])[0];
};
