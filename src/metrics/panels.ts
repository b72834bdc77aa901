/** One line of a panel. */
export interface Query {
  readonly expr: string;
  /** Grafana's: `{{label}}` stands for its value. */
  readonly legend: string;
}

/** A question that a dashboard answers. */
export interface Panel {
  readonly title: string;
  readonly about: string;
  /** Grafana's name of the unit. */
  readonly unit: "reqps" | "percentunit" | "s" | "ms" | "short";
  readonly queries: readonly Query[];
}

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const QUANTILES = [0.5, 0.95, 0.99] as const;
const percentile = (quantile: number): string => `p${Math.round(quantile * 100)}`;

/** @param buckets the rate of a histogram's buckets */
export const quantiles = (buckets: string): readonly Query[] =>
  QUANTILES.map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (${buckets}))`,
    legend: percentile(quantile),
  }));
