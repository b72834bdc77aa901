import type { Family, Labels, Sample } from "../text.ts";
import { double, enumeration, fixed64, message, packedDouble, packedFixed64, text } from "./protobuf.ts";

/**
 * What Prometheus would be shown, as OpenTelemetry sends it: an ExportMetricsServiceRequest (opentelemetry-proto,
 * collector/metrics/v1/metrics_service.proto and metrics/v1/metrics.proto), all cumulative. Family `target_info` is the resource, label
 * `otel_scope_name` the scope; names get their dots and units back, and lose the suffixes that Prometheus' translation adds.
 */
export const exportRequest = (families: readonly Family[], startedAt: Date, now: Date): Buffer => {
  const times = { start: nanoseconds(startedAt), now: nanoseconds(now) };
  const resource = families.find(({ name }) => name === RESOURCE)?.samples[0]?.labels;
  const byScope = Map.groupBy(
    families
      .filter(({ name }) => name !== RESOURCE)
      .flatMap((family) =>
        [...Map.groupBy(family.samples, ({ labels }) => labels?.[SCOPE] ?? "")].map(([scope, samples]) => ({
          scope,
          family: { ...family, samples },
        })),
      ),
    ({ scope }) => scope,
  );
  const scopes = [...byScope].map(([scope, measured]) =>
    message(2, [message(1, [text(1, scope)]), ...measured.map(({ family }) => metric(family, times))]),
  );
  return message(1, [message(1, attributes(1, resource)), ...scopes]);
};

interface Times {
  readonly start: bigint;
  readonly now: bigint;
}

const RESOURCE = "target_info";
const SCOPE = "otel_scope_name";
const CUMULATIVE = 2;
/** Names that have an underscore of their own. */
const OWN = ["not_ready", "status_code"];

const nanoseconds = (date: Date): bigint => BigInt(date.getTime()) * 1_000_000n;

const dotted = (name: string): string =>
  OWN.reduce((all, own) => all.replace(own.replace("_", "."), own), name.replaceAll("_", "."));

const attributes = (field: number, labels: Labels = {}): readonly Buffer[] =>
  Object.entries(labels)
    .filter(([name]) => name !== SCOPE && name !== "le")
    .map(([name, value]) => message(field, [text(1, dotted(name)), message(2, [text(1, value)])]));

const metric = (family: Family, times: Times): Buffer => {
  const name = family.name.replace(/_(total|seconds)$/, "");
  const unit = family.name.endsWith("_seconds") ? "s" : "";
  return message(2, [text(1, dotted(name)), text(2, family.help), text(3, unit), dataOf(family, times)]);
};

const dataOf = ({ type, samples }: Family, times: Times): Buffer => {
  if (type === "histogram")
    return message(9, [...histograms(samples).map((one) => histogramPoint(one, times)), enumeration(2, CUMULATIVE)]);
  const points = samples.map((sample) => numberPoint(sample, times));
  return type === "gauge" ? message(5, points) : message(7, [...points, enumeration(2, CUMULATIVE), enumeration(3, 1)]);
};

const timesOf = ({ start, now }: Times): readonly Buffer[] => [fixed64(2, start), fixed64(3, now)];

const numberPoint = ({ labels, value }: Sample, times: Times): Buffer =>
  message(1, [...timesOf(times), double(4, value), ...attributes(7, labels)]);

interface Histogram {
  readonly labels: Labels;
  /** Each with all below it, as Prometheus has them. */
  readonly buckets: readonly { readonly le: string; readonly value: number }[];
  readonly sum: number;
  readonly count: number;
}

/** By their labels, of the samples that make them up. */
const histograms = (samples: readonly Sample[]): readonly Histogram[] =>
  [...Map.groupBy(samples, ({ labels = {} }) => JSON.stringify({ ...labels, le: undefined })).values()].map((of) => {
    const sampled = (suffix: string): number => of.find((one) => one.suffix === suffix)?.value ?? 0;
    const buckets = of.flatMap(({ suffix, labels, value }) =>
      suffix === "_bucket" ? [{ le: labels?.le ?? "", value }] : [],
    );
    return { labels: of[0]?.labels ?? {}, buckets, sum: sampled("_sum"), count: sampled("_count") };
  });

const histogramPoint = ({ labels, buckets, sum, count }: Histogram, times: Times): Buffer =>
  message(1, [
    ...timesOf(times),
    fixed64(4, BigInt(count)),
    double(5, sum),
    packedFixed64(
      6,
      buckets.map(({ value }, index) => value - (buckets[index - 1]?.value ?? 0)),
    ),
    packedDouble(
      7,
      buckets.filter(({ le }) => le !== "+Inf").map(({ le }) => Number(le)),
    ),
    ...attributes(9, labels),
  ]);
