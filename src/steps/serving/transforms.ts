import type { Config } from "../../config/config.ts";
import { at, isRecord, type KubeObject } from "../../ports/object.ts";
import type { Transform } from "../part.ts";

/** One after the other, left to right. */
export const transforming =
  (...transforms: readonly Transform[]): Transform =>
  (object) =>
    transforms.reduce((result, transform) => transform(result), object);

const withData = (object: KubeObject, data: Readonly<Record<string, string>>): KubeObject => ({
  ...object,
  data: { ...(object.data as object | undefined), ...data },
});

/** Puts `data` into a ConfigMap of the release. */
export const configMap =
  (name: string, data: Readonly<Record<string, string>>): Transform =>
  (object) =>
    object.kind === "ConfigMap" && object.metadata.name === name && Object.keys(data).length > 0
      ? withData(object, data)
      : object;

const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNulls(inner)]])),
  );
};

const hasNull = (value: unknown): boolean =>
  value === null || (typeof value === "object" && Object.values(value).some(hasNull));

/** Leaves out what kubectl leaves out as well: nulls, and the status, which is never ours. Objects without nulls are not copied. */
export const tidy: Transform = (object) => {
  const { status: _status, ...rest } = (hasNull(object) ? withoutNulls(object) : object) as KubeObject;
  return rest as KubeObject;
};

/** The configuration that is known before planning goes into the release's own ConfigMaps (rule 1). */
export const configuration = (config: Config, className: string, key: (name: string) => string): Transform =>
  transforming(
    configMap("config-network", { [key("ingress-class")]: className, [key("domain-template")]: config.domainTemplate }),
    configMap(
      "config-deployment",
      config.skipTagResolution.length > 0
        ? // The value replaces Knative's own default, so that has to be repeated.
          {
            [key("registries-skipping-tag-resolving")]: [
              "kind.local",
              "ko.local",
              "dev.local",
              ...config.skipTagResolution,
            ].join(","),
          }
        : {},
    ),
  );

/**
 * The kubelet then keeps the last lines of a process that failed with its state, so that a wait can say why it crashes ("Version check
 * failed", rule 7) without the right to read logs. The released Deployments leave it at a file that none of them writes.
 */
export const keepLastLines: Transform = (object) => {
  if (object.kind !== "Deployment") return object;
  const copy = structuredClone(object);
  const containers = at(copy, "spec", "template", "spec", "containers");
  for (const container of Array.isArray(containers) ? containers : [])
    if (isRecord(container)) container.terminationMessagePolicy ??= "FallbackToLogsOnError";
  return copy;
};
