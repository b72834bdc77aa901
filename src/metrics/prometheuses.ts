import { at, isRecord, type KubeObject } from "../ports/object.ts";

/** What a Prometheus of the operator asks of monitors. */
interface Picking {
  /** `namespace/name` */
  readonly id: string;
  /** Labels that monitors need; undefined: it is more than labels. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

const labelsIn = (selector: unknown): Readonly<Record<string, string>> | undefined => {
  // An absent selector picks nothing, an empty one everything (API reference of monitoring.coreos.com/v1, PrometheusSpec).
  if (!isRecord(selector) || selector.matchExpressions !== undefined) return undefined;
  const { matchLabels = {} } = selector;
  return isRecord(matchLabels)
    ? Object.fromEntries(Object.entries(matchLabels).map(([key, value]) => [key, String(value)]))
    : {};
};

const pickingOf = (prometheus: KubeObject): Picking => {
  const selectors = ["serviceMonitorSelector", "podMonitorSelector"].map((name) =>
    labelsIn(at(prometheus, "spec", name)),
  );
  const isPlain = selectors.every((selector) => selector !== undefined);
  const everywhere = ["serviceMonitorNamespaceSelector", "podMonitorNamespaceSelector"].every((name) =>
    isRecord(at(prometheus, "spec", name)),
  );
  return {
    id: `${prometheus.metadata.namespace}/${prometheus.metadata.name}`,
    labels: isPlain && everywhere ? Object.assign({}, ...selectors) : undefined,
  };
};

export interface Picked {
  /** That monitors carry, so that a Prometheus picks them. */
  readonly labels: Readonly<Record<string, string>>;
  /** `namespace/name` of who picks them. Undefined: nobody surely does. */
  readonly by: string | undefined;
  /** `namespace/name` of each that asks for what cannot be told from here. */
  readonly others: readonly string[];
}

/**
 * How monitors have to be labelled. kube-prometheus-stack picks what carries its own release's label alone, unless it is told otherwise.
 * @param prometheuses objects of kind Prometheus, monitoring.coreos.com/v1
 */
export const pickedBy = (prometheuses: readonly KubeObject[]): Picked => {
  const all = prometheuses.map(pickingOf).sort((a, b) => (a.id < b.id ? -1 : 1));
  const plain = all.filter((one) => one.labels !== undefined);
  const most = plain.find(({ labels = {} }) => Object.keys(labels).length > 0) ?? plain[0];
  return {
    labels: most?.labels ?? {},
    by: most?.id,
    others: all.filter((one) => one.labels === undefined).map(({ id }) => id),
  };
};
