import { fail, ok, type ReadContext, skipped, warn } from "../../core/check.ts";
import { hostsOf } from "../../ingress/address.ts";
import { messageOf } from "../../ports/error.ts";
import { at, dataOf, describe, type KubeObject, type ObjectRef, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { configMap, type Found, KNATIVE } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { proxyHeader } from "./balancer.ts";
import { ENTERED_BY, entranceOf } from "./entrance.ts";

const FILTER = "envoy.filters.listener.proxy_protocol";
const KOURIER = configMap("config-kourier");
const MESH: ObjectRef = { apiVersion: "v1", kind: "ConfigMap", namespace: "istio-system", name: "istio" };
const KEY = "enable-proxy-protocol";

/** Where it is said that the gateway waits for a PROXY header. `isAsked`: it does. */
interface Asking {
  readonly object: ObjectRef;
  readonly field: string;
  readonly isAsked: boolean;
}

const speaks = (part: unknown, words: string): boolean => JSON.stringify(part ?? "").includes(words);

/** Undefined: how this ingress is told is not known. */
const askingOf = async ({ cluster }: ReadContext, { ingress, seen }: Found): Promise<Asking | undefined> => {
  const [kourier, mesh, filters, deployments] = await Promise.all([
    cluster.get(KOURIER),
    cluster.get(MESH),
    cluster.list({ apiVersion: "networking.istio.io/v1alpha3", kind: "EnvoyFilter" }),
    cluster.list({ apiVersion: "apps/v1", kind: "Deployment" }),
  ]);
  if (ingress?.id === "kourier")
    return { object: KOURIER, field: `.data["${KEY}"]`, isAsked: /^true$/i.test(dataOf(kourier)[KEY] ?? "") };
  if (ingress?.id === "istio") {
    const filter = filters.find(({ spec }) => speaks(spec, FILTER));
    const gateway = deployments.find((one) =>
      speaks(at(one, "spec", "template", "metadata", "annotations"), "proxyProtocol"),
    );
    const place = filter ?? gateway;
    return {
      object: place ? refOf(place) : MESH,
      field: place ? ".spec" : ".data.mesh",
      isAsked: place !== undefined || /proxyProtocol/.test(dataOf(mesh).mesh ?? ""),
    };
  }
  if (seen?.id !== "contour") return undefined;
  const contour = deployments.find(({ metadata }) => metadata.name === "contour");
  const isAsked = speaks(at(contour, "spec", "template", "spec"), "--use-proxy-protocol");
  return contour && { object: refOf(contour), field: ".spec.template.spec.containers", isAsked };
};

export const proxyProtocolAgrees = healthCheck({
  id: "ingress.proxy-protocol",
  title: "The load balancer and the gateway agree on the PROXY protocol",
  needs: ["ingress.address"],
  reads: [...ENTERED_BY, "EnvoyFilter.networking.istio.io", "probe"],
  meaning:
    "One of them speaks it alone. A gateway that does not know it answers 400 to the header; one that waits for it closes every connection without a word.",
  todo: "Switch it on at both, or off at both: the annotation of the gateway's Service, and `enable-proxy-protocol` in config-kourier, an EnvoyFilter of Istio, or `--use-proxy-protocol` of Contour.",
  threads: ["knative-extensions/net-kourier#744"],
  run: async (ctx) => {
    const { found, service } = await entranceOf(ctx);
    const asking = await askingOf(ctx, found);
    const [host] = hostsOf(service);
    if (!service || !asking || host === undefined) return skipped("no load balancer leads to a gateway that is known");
    const sent = proxyHeader(service);
    const seen = {
      evidence: [
        {
          object: refOf(service),
          field: sent ? `.metadata.annotations["${sent}"]` : ".metadata.annotations",
          observed: sent !== undefined,
        },
        { object: asking.object, field: asking.field, observed: asking.isAsked },
      ],
    };
    if (asking.isAsked === (sent !== undefined)) return ok(sent ? "both speak it" : "neither speaks it");
    if (sent)
      return fail(
        `the load balancer of ${describe(service)} sends PROXY headers, and the gateway does not know them`,
        found.ingress?.id === "kourier"
          ? { text: "Let the gateway take them:", command: switched("true") }
          : { text: "Take the annotation off, or teach the gateway:", command: without(service, sent) },
        seen,
      );
    const silence = await silenceOf(ctx, host);
    if (silence === undefined) return ok(`something before the gateway sends the headers: ${host} answers`);
    const summary = `the gateway waits for PROXY headers, which the load balancer of ${describe(service)} is not told to send`;
    const remedy = {
      text: "Tell the load balancer by its annotation, or the gateway not to wait:",
      command:
        found.ingress?.id === "kourier"
          ? switched("false")
          : sh`kubectl describe service ${service.metadata.name} ${inNamespace(service.metadata.namespace)}`,
    };
    return /ECONNRESET|hang up|empty reply/i.test(silence)
      ? fail(`${summary}: ${host} closes the connection (${silence})`, remedy, seen)
      : warn(summary, remedy, seen);
  },
});

const switched = (value: string) => {
  const patch = JSON.stringify({ data: { [KEY]: value } });
  return sh`kubectl patch configmap config-kourier -n ${KNATIVE} --type merge -p ${patch}`;
};

const without = (service: KubeObject, annotation: string) =>
  sh`kubectl annotate service ${service.metadata.name} ${inNamespace(service.metadata.namespace)} ${[`${annotation}-`]}`;

/** Why a plain request gets no answer; undefined: it gets one. */
const silenceOf = async ({ probe }: ReadContext, address: string): Promise<string | undefined> => {
  try {
    await probe({ scheme: "http", address, port: 80, host: "nobody.invalid", timeoutMs: 3_000 });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};
