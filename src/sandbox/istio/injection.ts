import { minorOf } from "../api/ages.ts";
import type { Obj } from "../types.ts";
import { isToBeInjected, istioMinor } from "./workloads.ts";

/** Since then a sidecar is an init container that goes on running, where the server knows those (ENABLE_NATIVE_SIDECARS). */
const NATIVE_SINCE = { istio: 27, kubernetes: 29 };

/** The Envoy of a mesh: from where the injector's settings say, else from where istiod itself comes. */
const proxyImage = (istiod: Obj, values: string): string => {
  const { hub, tag, proxy } = globalIn(values);
  const name = String(proxy?.image ?? "");
  if (name.includes("/")) return name;
  if (hub && tag && name) return `${hub}/${name}:${tag}`;
  const own: string = (istiod.spec.containers as Obj[]).find(({ name }) => name === "discovery")?.image ?? "";
  return own.replace(/pilot(?=[:@])/, "proxyv2");
};

const globalIn = (values: string): Obj["spec"] => {
  try {
    return JSON.parse(values).global ?? {};
  } catch {
    return {};
  }
};

/**
 * What istiod's injector makes of a pod; undefined: it leaves it as it is. `values`: of its ConfigMap. `kubernetes`: the server's version.
 */
export const inject = (
  pod: Obj,
  istiod: Obj,
  values: string,
  kubernetes: string,
): { readonly object: Obj } | undefined => {
  const image = proxyImage(istiod, values);
  if (isToBeInjected(pod)) return { object: asGateway(pod, image) };
  const isNative = istioMinor(istiod) >= NATIVE_SINCE.istio && minorOf(kubernetes) >= NATIVE_SINCE.kubernetes;
  const isDone = (pod.spec.containers as Obj[]).some(({ name }) => name === PROXY);
  return isDone ? undefined : { object: withSidecar(pod, istiod, image, isNative) };
};

const asGateway = (pod: Obj, image: string): Obj => {
  const containers = (pod.spec.containers as Obj[]).map((container) =>
    container.name === PROXY && container.image === "auto"
      ? { ...container, image, args: ["proxy", "router", ...(container.args ?? [])] }
      : container,
  );
  return { ...pod, spec: { ...pod.spec, containers } };
};

/** Name of Envoy's container, in gateways and in sidecars. */
export const PROXY = "istio-proxy";

/** As the template `sidecar` of istio-sidecar-injector, in what others can see of it. */
const withSidecar = (pod: Obj, istiod: Obj, image: string, isNative: boolean): Obj => {
  const { labels = {}, annotations = {} } = pod.metadata;
  const init = {
    name: "istio-init",
    image,
    args: ["istio-iptables"],
    securityContext: { capabilities: { add: ["NET_ADMIN", "NET_RAW"], drop: ["ALL"] }, runAsUser: 0 },
  };
  const proxy = {
    name: PROXY,
    image,
    args: ["proxy", "sidecar"],
    ports: [{ name: "http-envoy-prom", containerPort: 15090, protocol: "TCP" }],
    readinessProbe: { httpGet: { path: "/healthz/ready", port: 15021 } },
    resources: { requests: { cpu: "100m", memory: "128Mi" } },
  };
  const revision = istiod.metadata.labels?.["istio.io/rev"] ?? "default";
  const excluded = annotations[EXCLUDED];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...labels,
        "security.istio.io/tlsMode": labels["security.istio.io/tlsMode"] ?? "istio",
        "service.istio.io/canonical-name": labels["service.istio.io/canonical-name"] ?? labels.app ?? "",
        "service.istio.io/canonical-revision": labels["service.istio.io/canonical-revision"] ?? "latest",
      },
      annotations: {
        ...annotations,
        "istio.io/rev": revision,
        [EXCLUDED]: ["15020", ...(excluded ? [excluded] : [])].join(","),
        "sidecar.istio.io/status": JSON.stringify({
          initContainers: isNative ? ["istio-init", PROXY] : ["istio-init"],
          containers: isNative ? [] : [PROXY],
          revision,
        }),
      },
    },
    spec: {
      ...pod.spec,
      initContainers: [
        ...(pod.spec.initContainers ?? []),
        init,
        ...(isNative ? [{ ...proxy, restartPolicy: "Always" }] : []),
      ],
      ...(isNative ? {} : { containers: [...pod.spec.containers, proxy] }),
    },
  };
};

/** Ports that the sidecar does not take. */
export const EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts";
