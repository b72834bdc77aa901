import { isDeepStrictEqual } from "node:util";
import type { AdmissionReview, Obj } from "../types.ts";

/** What `webhook.serving.knative.dev` fills in (serving pkg/apis/serving/v1 *_defaults.go), with config-defaults. */

export interface ServingDefaults {
  readonly timeoutSeconds: number;
  readonly containerConcurrency: number;
}

/** The object after defaulting; the same content when nothing was missing. */
export const withServingDefaults = (review: AdmissionReview, defaults: ServingDefaults): Obj | undefined => {
  if (!review.object || review.kind.group !== "serving.knative.dev" || review.subResource) return undefined;
  const object = structuredClone(review.object);
  const isCreate = review.operation === "CREATE";
  switch (review.kind.kind) {
    case "Service":
      defaultRevision(object.spec?.template?.spec, defaults, isCreate);
      if (object.spec) object.spec.traffic = defaultTraffic(object.spec.traffic, true);
      signObject(object, review);
      break;
    case "Configuration":
      defaultRevision(object.spec?.template?.spec, defaults, isCreate);
      if (!object.metadata.ownerReferences) signObject(object, review);
      break;
    case "Route":
      if (object.spec) object.spec.traffic = defaultTraffic(object.spec.traffic, false);
      if (!object.metadata.ownerReferences) signObject(object, review);
      break;
    case "Revision":
      if (isCreate) defaultRevision(object.spec, defaults, isCreate);
      break;
  }
  return object;
};

/** Who created and who last changed the spec. */
const signObject = (object: Obj, { operation, oldObject, userInfo }: AdmissionReview): void => {
  if (operation === "UPDATE" && isDeepStrictEqual(oldObject?.spec, object.spec)) return;
  object.metadata.annotations = {
    ...object.metadata.annotations,
    ...(operation === "CREATE" ? { "serving.knative.dev/creator": userInfo.username } : {}),
    "serving.knative.dev/lastModifier": userInfo.username,
  };
};

const defaultTraffic = (traffic: Obj[] | undefined, hasConfiguration: boolean): unknown[] | undefined => {
  if (!traffic?.length) return hasConfiguration ? [{ latestRevision: true, percent: 100 }] : traffic;
  return traffic.map((target) => ({
    ...target,
    latestRevision: target.latestRevision ?? !target.revisionName,
    percent: target.percent ?? 0,
  }));
};

const defaultRevision = (spec: Obj | undefined, defaults: ServingDefaults, isCreate: boolean): void => {
  if (!spec) return;
  spec.timeoutSeconds ||= defaults.timeoutSeconds;
  spec.containerConcurrency ??= defaults.containerConcurrency;
  if (isCreate) spec.enableServiceLinks ??= false;
  const containers: Obj[] = spec.containers ?? [];
  const names = new Set(containers.map(({ name }) => name));
  let next = 0;
  for (const container of containers) {
    if (!container.name) {
      do {
        container.name = containers.length === 1 ? "user-container" : `user-container-${next++}`;
      } while (names.has(container.name) && containers.length > 1);
      names.add(container.name);
    }
    container.resources ??= {};
    if (containers.length > 1 && !container.ports?.length) continue;
    const probe = container.readinessProbe ?? {};
    const hasHandler = ["tcpSocket", "httpGet", "exec", "grpc"].some((handler) => probe[handler]);
    container.readinessProbe = {
      ...probe,
      ...(hasHandler ? {} : { tcpSocket: { port: 0 } }),
      successThreshold: probe.successThreshold || 1,
    };
  }
};
