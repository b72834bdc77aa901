import type { ServerResponse } from "node:http";
import {
  type Counter,
  createCounter,
  createHistogram,
  type Family,
  type Histogram,
  type Labels,
  textOf,
} from "../metrics/text.ts";
import type { Exported } from "../part.ts";
import type { Obj } from "../types.ts";

/** What an Envoy counts of the requests that it has answered. */
export interface Statistics {
  /** Counts the answer when it is sent. */
  readonly watch: (pod: Obj, response: ServerResponse) => void;
  readonly of: (pod: Obj) => Exported;
}

/** Envoy's own bounds, in milliseconds (envoy source/common/stats/histogram_impl.cc). */
const BOUNDS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** What was counted in one pod. */
export interface Counted {
  readonly answers: Counter;
  readonly times: Histogram;
  active: number;
}

/** Labels of an answer: of its number, and of its time. */
interface Marks {
  readonly answer: Labels;
  readonly time: Labels;
}

/** @param families says how what was counted is called */
export const createStatistics = (
  marksOf: (status: number, pod: Obj) => Marks,
  families: (counted: Counted) => readonly Family[],
): Statistics => {
  const pods = new Map<string, Counted>();
  const of = ({ metadata: { uid = "" } }: Obj): Counted => {
    const found = pods.get(uid) ?? { answers: createCounter(), times: createHistogram(BOUNDS), active: 0 };
    pods.set(uid, found);
    return found;
  };
  return {
    watch: (pod, response) => {
      const counted = of(pod);
      const started = performance.now();
      counted.active += 1;
      const writeHead = response.writeHead.bind(response) as (status: number, ...rest: readonly unknown[]) => unknown;
      response.writeHead = ((status: number, ...rest: readonly unknown[]) => {
        counted.active -= 1;
        const marks = marksOf(status, pod);
        counted.answers.add(marks.answer);
        counted.times.record(marks.time, performance.now() - started);
        return writeHead(status, ...rest);
      }) as typeof response.writeHead;
    },
    of: (pod) => ({ text: textOf(families(of(pod))) }),
  };
};
