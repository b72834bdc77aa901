import { isDeepStrictEqual } from "node:util";
import { ensure, keysOfKind, keysOfOwner, ownerReference, refAt, refOf, type Stage } from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { livingConditions, passedOn, unknown, type Verdict } from "./conditions.ts";
import { CONTROLLER, SERVING } from "./names.ts";
import { livingIn } from "./process.ts";

const OUT_OF_DATE = "is still working to reflect the latest desired specification.";

/** Knative Services: a Configuration and a Route each, whose state they sum up. */
export const services = (stage: Stage): Reconciler => {
  const { api } = stage;

  const childMetadata = (service: Obj) => {
    const { "kubectl.kubernetes.io/last-applied-configuration": _applied, ...annotations } =
      service.metadata.annotations ?? {};
    return {
      name: service.metadata.name,
      namespace: service.metadata.namespace ?? "",
      annotations,
      labels: {
        ...service.metadata.labels,
        "serving.knative.dev/service": service.metadata.name,
      },
      ownerReferences: [ownerReference(service)],
    };
  };

  const traffic = (service: Obj): Obj[] =>
    (service.spec.traffic ?? []).map((target: Obj) =>
      target.revisionName ? target : { ...target, configurationName: service.metadata.name },
    );

  const stateOf = (child: Obj, kind: string): Verdict | undefined =>
    child.metadata.generation === child.status?.observedGeneration
      ? passedOn(child, "Ready")
      : unknown("OutOfDate", `The ${kind} ${OUT_OF_DATE}`);

  /** Ready routes may still send traffic to the revision before the latest ready one. */
  const isMigrated = (configuration: Obj, route: Obj): boolean => {
    const wanted = (route.spec.traffic as Obj[]).map(({ revisionName, percent = 0, tag }) => ({
      revisionName: revisionName ?? configuration.status?.latestReadyRevisionName,
      percent,
      tag,
    }));
    const got = ((route.status?.traffic ?? []) as Obj[]).map(({ revisionName, percent = 0, tag }) => ({
      revisionName,
      percent,
      tag,
    }));
    return isDeepStrictEqual(got, wanted);
  };

  return livingIn(
    stage,
    CONTROLLER,
    { apiVersion: SERVING, kind: "Service" },
    {
      name: "knative-service",
      keys: (event) => [...keysOfKind(event, SERVING, "Service"), ...keysOfOwner(event, "Service")],
      reconcile: async (key) => {
        const service = api.get(refAt(SERVING, "Service", key));
        if (!service || service.metadata.deletionTimestamp) return undefined;
        const metadata = childMetadata(service);
        const child = (kind: string, labels: Record<string, string>, spec: object) => {
          const own = { ...metadata, labels: { ...metadata.labels, ...labels } };
          return ensure(api, CONTROLLER, { apiVersion: SERVING, kind, metadata: own, spec }, { exactly: true });
        };
        const uid = { "serving.knative.dev/serviceUID": service.metadata.uid ?? "" };
        const configuration = await child("Configuration", uid, { template: service.spec.template });
        const route = await child("Route", {}, { traffic: traffic(service) });
        const configurationsReady = stateOf(configuration, "Configuration");
        const routesReady = stateOf(route, "Route");
        const { latestCreatedRevisionName, latestReadyRevisionName } = configuration.status ?? {};
        const { url, address, traffic: routed } = route.status ?? {};
        await api.update(
          CONTROLLER,
          refOf(service),
          (draft) => {
            draft.status = {
              observedGeneration: service.metadata.generation,
              conditions: livingConditions(draft.status?.conditions, {
                ConfigurationsReady: configurationsReady,
                RoutesReady:
                  routesReady?.status === "True" && !isMigrated(configuration, route)
                    ? unknown("TrafficNotMigrated", "Traffic is not yet migrated to the latest revision.")
                    : routesReady,
              }),
              ...(latestCreatedRevisionName ? { latestCreatedRevisionName } : {}),
              ...(latestReadyRevisionName ? { latestReadyRevisionName } : {}),
              ...(url ? { url } : {}),
              ...(address ? { address } : {}),
              ...(routed ? { traffic: routed } : {}),
            };
          },
          { subresource: "status" },
        );
        return undefined;
      },
    },
  );
};
