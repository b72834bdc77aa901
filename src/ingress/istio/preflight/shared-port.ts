import { type Check, fail, ok, skipped, warn } from "../../../core/check.ts";
import { at, describe, isRecord, type KubeObject, keyOf, refOf, textAt } from "../../../ports/object.ts";
import { inNamespace, sh } from "../../../ports/shell.ts";
import { type FoundGateway, isChosen, labelsIn } from "../found.ts";
import { SHARED } from "../names.ts";
import { servedBy, serversOf } from "./served-by.ts";

/** In the order in which Istio goes through them (istio pilot/pkg/model/push_context.go). */
const ageOf = ({ metadata }: KubeObject): string =>
  `${metadata.creationTimestamp ?? "9"} ${metadata.name}.${metadata.namespace}`;

/** A host of a server may say in which namespace its VirtualServices are: `web/*`. */
const hostsOf = (server: unknown): readonly unknown[] => {
  const hosts = at(server, "hosts");
  return (Array.isArray(hosts) ? hosts : []).map((host) => String(host).split("/").at(-1));
};

/** Whether there can be no TLS server for every name beside it on port 443. */
const isInTheWay = (server: unknown): boolean => {
  if (at(server, "port", "number") !== 443) return false;
  return /^(HTTPS|TLS)$/i.test(textAt(server, "port", "protocol")) ? hostsOf(server).includes("*") : true;
};

const isServing = (gateway: KubeObject | undefined): boolean =>
  serversOf(gateway).some((server) => at(server, "port", "number") === 443);

/**
 * Of two TLS servers for the same host on the same pods, Istio drops the one whose Gateway is younger, whole (IST0145).
 * `planned`: the pods that are to serve; undefined: those that do.
 */
export const portFree = (planned?: Pick<FoundGateway, "labels">): Check => ({
  id: "istio.shared-port",
  title: "No other Gateway has port 443 of the same pods for every name",
  run: async ({ cluster }) => {
    const { gateway, pods } = await servedBy(cluster);
    if (!planned && !isServing(gateway)) return skipped("Knative's Gateway has no server on 443");
    const all = await cluster.list({ apiVersion: SHARED.apiVersion, kind: SHARED.kind });
    const onOurs = (selector: unknown): boolean =>
      (planned ? [planned] : pods).some(({ labels }) => isChosen(labels, labelsIn(selector)));
    const other = all.find(
      (one) => keyOf(one) !== keyOf(SHARED) && onOurs(at(one, "spec", "selector")) && serversOf(one).some(isInTheWay),
    );
    if (!other) return ok("none has");
    const isOlder = gateway === undefined || ageOf(other) < ageOf(gateway);
    const [stays, goes] = isOlder ? [describe(other), describe(SHARED)] : [describe(SHARED), describe(other)];
    const { name, namespace } = other.metadata;
    const remedy = {
      text: "Let that one have only the names that it is for, or take it away (istioctl analyze calls it IST0145):",
      command: sh`kubectl edit gateways.networking.istio.io ${name} ${inNamespace(namespace)}`,
    };
    const seen = { evidence: [{ object: refOf(other), field: ".spec.servers" }] };
    const text = `${describe(other)} has port 443 of the same pods for every name as well; ${stays} is older, and Istio drops the server of ${goes}`;
    return isOlder || !isServing(gateway) ? fail(text, remedy, seen) : warn(text, remedy, seen);
  },
});

/** A server whose certificate is named, and has files as well. */
const isTwofold = (server: unknown): boolean => {
  const tls = at(server, "tls");
  return isRecord(tls) && Boolean(tls.credentialName) && Boolean(tls.serverCertificate ?? tls.privateKey);
};

/** Istio refuses such a server from 1.27 on, and with it every change of its Gateway. */
export const oneSource = (planned?: Pick<FoundGateway, "labels">): Check => ({
  id: "istio.certificate-source",
  title: "No Gateway of the same pods names a certificate and files beside it",
  run: async ({ cluster }) => {
    const { pods } = await servedBy(cluster);
    const all = await cluster.list({ apiVersion: SHARED.apiVersion, kind: SHARED.kind });
    const other = all.find(
      (one) =>
        (planned ? [planned] : pods).some(({ labels }) => isChosen(labels, labelsIn(at(one, "spec", "selector")))) &&
        serversOf(one).some(isTwofold),
    );
    if (!other) return ok("none does");
    const { name, namespace } = other.metadata;
    return fail(
      `${describe(other)} has a server with credentialName and the files of a mounted Secret, which Istio 1.27 and newer refuse`,
      {
        text: "Leave one of them: credentialName, or serverCertificate and privateKey:",
        command: sh`kubectl edit gateways.networking.istio.io ${name} ${inNamespace(namespace)}`,
      },
      { evidence: [{ object: refOf(other), field: ".spec.servers" }] },
    );
  },
});
