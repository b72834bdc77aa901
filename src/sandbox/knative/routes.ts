import {
  dropFinalizer,
  ensure,
  keyOf,
  keysOfKind,
  keysOfOwner,
  ownerReference,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import { type Obj, StatusError } from "../types.ts";
import { WILDCARD_LABEL } from "./certificates.ts";
import { livingConditions, no, passedOn, unknown, type Verdict, yes } from "./conditions.ts";
import {
  CLUSTER_DOMAIN,
  CLUSTER_LOCAL,
  CONTROLLER,
  INGRESS_CLASS,
  NETWORKING,
  ROUTE_FINALIZER,
  SERVING,
  VISIBILITY,
} from "./names.ts";
import { livingIn } from "./process.ts";
import { type RouteCertificates, routeCertificates } from "./route-certificates.ts";
import { domainFor, hostFor, isServingConfig, networkSettings } from "./settings.ts";
import { resolveTraffic, type Target, type Traffic } from "./traffic.ts";

/** One public name of a Route, and its cluster-local ones. */
interface Name {
  readonly tag: string;
  /** Of the tag's placeholder Service. */
  readonly service: string;
  readonly host: string;
  readonly isLocal: boolean;
  readonly localHosts: readonly string[];
}

const NOT_CONFIGURED = unknown("IngressNotConfigured", "Ingress has not yet been reconciled.");

/** Routes: which Revision gets how much traffic under which name, told to the ingress by a kingress. */
export const routes = (stage: Stage): Reconciler => {
  const { api } = stage;

  const nameOf = (route: Obj, tag: string): Name => {
    const { name, namespace = "", labels = {}, annotations = {} } = route.metadata;
    const isLocal = domainFor(stage, labels) === CLUSTER_DOMAIN;
    const localLabels = { ...labels, [VISIBILITY]: CLUSTER_LOCAL };
    const local = hostFor(stage, { name, namespace, labels: localLabels, annotations, tag }).host;
    const service = local.slice(0, local.indexOf("."));
    const short = `${service}.${namespace}`;
    const host = isLocal ? local : hostFor(stage, { name, namespace, labels, annotations, tag }).host;
    return { tag, service, host, isLocal, localHosts: [short, `${short}.svc`, local] };
  };

  const placeholder = (route: Obj, { service, host }: Name, kingress: Obj | undefined): Promise<Obj> => {
    const behind = kingress?.status?.privateLoadBalancer?.ingress?.[0]?.domainInternal;
    const { [VISIBILITY]: _visibility, ...labels } = route.metadata.labels ?? {};
    return ensure(api, CONTROLLER, {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: service,
        namespace: route.metadata.namespace ?? "",
        labels: { ...labels, "serving.knative.dev/route": route.metadata.name },
        ownerReferences: [ownerReference(route)],
      },
      spec: {
        type: "ExternalName",
        externalName: behind ?? host,
        sessionAffinity: "None",
        ports: [{ name: "http2", appProtocol: "kubernetes.io/h2c", port: 80, targetPort: 80 }],
      },
    });
  };

  const ensureIngress = (
    route: Obj,
    names: readonly Name[],
    traffic: Traffic,
    tls: RouteCertificates["tls"],
  ): Promise<Obj> => {
    const { namespace = "", annotations = {} } = route.metadata;
    const { ingressClass, httpOption } = networkSettings(stage, annotations);
    const paths = (targets: readonly Target[]) => [
      {
        splits: targets.map(({ revisionName, percent }) => ({
          serviceNamespace: namespace,
          serviceName: revisionName,
          servicePort: 80,
          percent,
          appendHeaders: { "Knative-Serving-Namespace": namespace, "Knative-Serving-Revision": revisionName },
        })),
      },
    ];
    const rules = names.flatMap(({ tag, host, isLocal, localHosts }) => {
      const http = { paths: paths(traffic.byTag.get(tag) ?? []) };
      const local = { hosts: localHosts, visibility: "ClusterLocal", http };
      return isLocal ? [local] : [local, { hosts: [host], visibility: "ExternalIP", http }];
    });
    const { "kubectl.kubernetes.io/last-applied-configuration": _applied, ...kept } = annotations;
    return ensure(
      api,
      CONTROLLER,
      {
        apiVersion: NETWORKING,
        kind: "Ingress",
        metadata: {
          name: route.metadata.name,
          namespace,
          labels: {
            ...route.metadata.labels,
            "serving.knative.dev/route": route.metadata.name,
            "serving.knative.dev/routeNamespace": namespace,
          },
          annotations: { ...kept, [INGRESS_CLASS]: ingressClass },
          ownerReferences: [ownerReference(route)],
        },
        spec: { rules, ...(httpOption ? { httpOption } : {}), ...(tls.length > 0 ? { tls } : {}) },
      },
      { exactly: true },
    );
  };

  const judgeIngress = (kingress: Obj): Verdict => {
    const isObserved = kingress.status?.observedGeneration === kingress.metadata.generation;
    const ready = isObserved ? passedOn(kingress, "Ready") : undefined;
    return ready ?? NOT_CONFIGURED;
  };

  /** Marks the Revisions that this Route sends traffic to, and those it no longer does. */
  const label = async (route: Obj, routed: ReadonlySet<string>): Promise<void> => {
    for (const revision of api.list(SERVING, "Revision", route.metadata.namespace)) {
      const { annotations = {}, name } = revision.metadata;
      const isRouted = routed.has(name);
      const wasRouted = annotations["serving.knative.dev/routes"] === route.metadata.name;
      // Others stay as they are: a new Revision is pending until the Route moves to it.
      if (!isRouted && !wasRouted) continue;
      await api.update(CONTROLLER, refOf(revision), (draft) => {
        const { "serving.knative.dev/routes": _routes, ...others } = draft.metadata.annotations ?? {};
        draft.metadata.annotations = isRouted
          ? { ...others, "serving.knative.dev/routes": route.metadata.name }
          : others;
        draft.metadata.labels = {
          ...draft.metadata.labels,
          "serving.knative.dev/routingState": isRouted ? "active" : "reserve",
        };
      });
    }
  };

  const write = async (route: Obj, fields: object, conditions: Record<string, Verdict | undefined>): Promise<void> => {
    await api.update(
      CONTROLLER,
      refOf(route),
      (draft) => {
        draft.status = {
          ...fields,
          observedGeneration: route.metadata.generation,
          conditions: livingConditions(draft.status?.conditions, conditions),
        };
      },
      { subresource: "status" },
    );
  };

  /** Nothing below it is looked at; of a new generation it is not known whether the ingress has it. */
  const unrouted = (route: Obj, why: Verdict): Record<string, Verdict | undefined> => ({
    IngressReady: route.status?.observedGeneration === route.metadata.generation ? undefined : NOT_CONFIGURED,
    AllTrafficAssigned: why,
    CertificateProvisioned: undefined,
  });

  const finalize = async (route: Obj): Promise<void> => {
    if (!route.metadata.finalizers?.includes(ROUTE_FINALIZER)) return;
    await label(route, new Set());
    await dropFinalizer(api, CONTROLLER, route, ROUTE_FINALIZER);
  };

  const reconcile = async (key: string): Promise<undefined> => {
    const route = api.get(refAt(SERVING, "Route", key));
    if (route?.metadata.deletionTimestamp) await finalize(route);
    if (!route || route.metadata.deletionTimestamp) return;
    if (!route.metadata.finalizers?.includes(ROUTE_FINALIZER)) {
      await api.update(CONTROLLER, refOf(route), (draft) => {
        draft.metadata.finalizers = [...(draft.metadata.finalizers ?? []), ROUTE_FINALIZER];
      });
    }
    const tags = ["", ...(route.spec.traffic as Obj[]).flatMap(({ tag }) => tag ?? [])];
    let names: Name[];
    try {
      names = tags.map((tag) => nameOf(route, tag));
    } catch (error) {
      if (error instanceof StatusError) throw error;
      const refusal = no("ErrorConfig", (error as Error).message);
      await write(route, {}, unrouted(route, refusal));
      return;
    }
    const settings = networkSettings(stage, route.metadata.annotations);
    const defaultUrlOf = ({ host, isLocal }: Name) => `${isLocal ? "http" : settings.externalScheme}://${host}`;
    const [main] = names;
    const url = main ? defaultUrlOf(main) : "";
    const traffic = resolveTraffic(api, route);
    if (!("targets" in traffic)) {
      await write(route, { url }, unrouted(route, traffic));
      return;
    }
    await label(route, new Set(traffic.targets.map(({ revisionName }) => revisionName)));
    const publicNames = names.filter(({ isLocal }) => !isLocal);
    const certificates = await routeCertificates(stage, route, publicNames);
    const urlOf = (name: Name): string => {
      const scheme = certificates.schemes.get(name.host);
      return scheme ? `${scheme}://${name.host}` : defaultUrlOf(name);
    };
    const kingress = await ensureIngress(route, names, traffic, certificates.tls);
    for (const name of names) await placeholder(route, name, kingress);
    await write(
      route,
      {
        url: main ? urlOf(main) : "",
        address: { url: `http://${route.metadata.name}.${route.metadata.namespace}.${CLUSTER_DOMAIN}` },
        traffic: traffic.targets.map((target) => {
          const name = target.tag ? names.find(({ tag }) => tag === target.tag) : undefined;
          return name ? { ...target, url: urlOf(name) } : target;
        }),
      },
      {
        AllTrafficAssigned: yes(),
        CertificateProvisioned: certificates.verdict,
        IngressReady: judgeIngress(kingress),
      },
    );
  };

  return livingIn(
    stage,
    CONTROLLER,
    { apiVersion: SERVING, kind: "Route" },
    {
      name: "knative-route",
      keys: (event) => {
        const { object } = event;
        if (isServingConfig(object)) return api.list(SERVING, "Route").map(keyOf);
        const near = api.list(SERVING, "Route", object.metadata.namespace);
        if (object.apiVersion === SERVING && (object.kind === "Configuration" || object.kind === "Revision"))
          return near.filter((route) => isTarget(route, object)).map(keyOf);
        // A namespace's wildcard serves its Routes without being theirs.
        if (object.kind === "Certificate" && object.metadata.labels?.[WILDCARD_LABEL] !== undefined)
          return near.map(keyOf);
        return [...keysOfKind(event, SERVING, "Route"), ...keysOfOwner(event, "Route")];
      },
      reconcile,
    },
  );
};

/** A Revision that its Configuration does not hold to be ready yet is no news for a Route. */
const isTarget = ({ spec, status }: Obj, { kind, metadata: { name } }: Obj): boolean =>
  [...(spec.traffic ?? []), ...(status?.traffic ?? [])].some(
    (target: Obj) => (kind === "Revision" ? target.revisionName : target.configurationName) === name,
  );
