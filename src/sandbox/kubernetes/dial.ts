import { isTrue } from "../objects.ts";
import type { Ground } from "../part.ts";
import type { Obj } from "../types.ts";
import { podsBehind, targetPort } from "./endpoint-slices.ts";

/** Where on loopback a pod finds what it asks for; a text: what Go's net says when it does not. */
export type Dialled = { readonly port: number } | string;

/** By the search list in a pod's resolv.conf. */
const NAME = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local\.?)?)?)?$/;
const DNS = "10.96.0.10:53";

/** A Service of the cluster as a pod dials it, by its name. Nothing else has an address in here. */
export const dial = (
  { stage: { api }, servedAt, admits }: Pick<Ground, "stage" | "servedAt" | "admits">,
  from: Obj,
  { hostname, port: written, protocol }: URL,
): Dialled => {
  const wanted = Number(written || (protocol === "https:" ? 443 : 80));
  const [, name, namespace = from.metadata.namespace ?? ""] = NAME.exec(hostname) ?? [];
  const service = name ? api.get({ apiVersion: "v1", kind: "Service", namespace, name }) : undefined;
  if (!service) return `dial tcp: lookup ${hostname} on ${DNS}: no such host`;
  const port = (service.spec.ports as Obj[]).find((one) => one.port === wanted);
  const pod = podsBehind(api, service).find((one) => isTrue(one, "Ready"));
  if (!port || !pod) return `dial tcp ${service.spec.clusterIP}:${wanted}: connect: connection refused`;
  const target = targetPort(port, pod);
  const at = admits(from, pod, target) ? servedAt(pod, target) : undefined;
  return at === undefined ? `dial tcp ${pod.status.podIP}:${target}: connect: connection refused` : { port: at };
};
