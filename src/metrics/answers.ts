import { at, isRecord } from "../ports/object.ts";

/** One series of an answer, and its value now. */
export interface Answer {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How a Prometheus is asked for an expression at this moment (Prometheus HTTP API, "Instant queries"). */
export const queryPath = (expr: string): string => `/api/v1/query?query=${encodeURIComponent(expr)}`;

/** The result of an instant query (Prometheus HTTP API, "Expression queries"). Undefined: it is none. */
export const resultIn = (text: string): readonly Answer[] | undefined => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = at(body, "data", "result");
  if (at(body, "status") !== "success" || !Array.isArray(result)) return undefined;
  return result.map((one) => {
    const [metric, value] = [at(one, "metric"), at(one, "value")];
    // `[ <unix time>, "<value>" ]`
    return {
      metric: (isRecord(metric) ? metric : {}) as Answer["metric"],
      value: Number(Array.isArray(value) ? value[1] : Number.NaN),
    };
  });
};
