/** Prometheus' text format, as its client libraries write it (prometheus/docs, "Exposition formats"). */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** Behind the family's name: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
}

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (one) => (one === "\n" ? "\\n" : `\\${one}`));

const braces = (labels: Labels = {}): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
};

/** Families without a sample are not written. */
export const textOf = (families: readonly Family[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${braces(labels)} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join("");

export interface Histogram {
  readonly record: (labels: Labels, value: number) => void;
  readonly samples: () => readonly Sample[];
}

/** @param bounds upper ones, rising, without infinity */
export const createHistogram = (bounds: readonly number[]): Histogram => {
  const series = new Map<string, { labels: Labels; counts: number[]; sum: number; count: number }>();
  return {
    record: (labels, value) => {
      const id = JSON.stringify(labels);
      const one = series.get(id) ?? { labels, counts: bounds.map(() => 0), sum: 0, count: 0 };
      series.set(id, one);
      one.counts = one.counts.map((count, index) => count + (value <= (bounds[index] ?? 0) ? 1 : 0));
      one.sum += value;
      one.count += 1;
    },
    samples: () =>
      [...series.values()].flatMap(({ labels, counts, sum, count }) => [
        ...counts.map((value, index) => ({
          suffix: "_bucket",
          labels: { ...labels, le: String(bounds[index]) },
          value,
        })),
        { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: count },
        { suffix: "_sum", labels, value: sum },
        { suffix: "_count", labels, value: count },
      ]),
  };
};

/** How often something was, by labels. */
export interface Counter {
  readonly add: (labels: Labels, by?: number) => void;
  readonly samples: () => readonly Sample[];
}

export const createCounter = (): Counter => {
  const series = new Map<string, { labels: Labels; value: number }>();
  return {
    add: (labels, by = 1) => {
      const id = JSON.stringify(labels);
      series.set(id, { labels, value: (series.get(id)?.value ?? 0) + by });
    },
    samples: () => [...series.values()],
  };
};
