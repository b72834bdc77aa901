import { covers } from "../../certificates/names.ts";
import { fail, ok, skipped, warn } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { at, conditionOf, dataOf, type KubeObject, refOf } from "../../ports/object.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { configMap, KNATIVE, routesHaveOwn } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { SERVED_BY } from "../served.ts";
import { withCertificate } from "../served-certificate.ts";
import { knativeServices } from "../services.ts";
import { type GivenHost, hostOfMapping, hostsOfService, MAPPINGS } from "./given.ts";

/** `TLSNotEnabled`: there is none, and it needs none (knative/serving pkg/reconciler/domainmapping). */
const hasOwnCertificate = (mapping: KubeObject): boolean => {
  const { status, reason } = conditionOf(mapping, "CertificateProvisioned") ?? {};
  return at(mapping, "spec", "tls") !== undefined || (status === "True" && reason !== "TLSNotEnabled");
};

const DEFAULT_TAG = "{{.Tag}}-{{.Name}}";

const remedyFor = (bare: readonly GivenHost[]): Remedy => {
  const [mapping] = bare.filter(({ object }) => object.kind === "DomainMapping");
  if (mapping && bare.every(({ object }) => object.kind === "DomainMapping")) {
    const { name, namespace } = mapping.object.metadata;
    const patch = JSON.stringify({ spec: { tls: { secretName: `${name}-tls` } } });
    return {
      text: "Give it a certificate of its own, in a Secret of its namespace. Where something in front of the gateway has one, leave it.",
      command: sh`kubectl patch domainmapping ${name} ${inNamespace(namespace)} --type merge -p ${patch}`,
    };
  }
  if (bare.every(({ tag, object }) => tag !== undefined || object.kind === "DomainMapping")) {
    const patch = JSON.stringify({ data: { "tag-template": DEFAULT_TAG, tagTemplate: null } });
    return {
      text: `Let a tag be part of the first label, as it is by itself: tag-template ${DEFAULT_TAG}.`,
      command: sh`kubectl patch configmap config-network -n ${KNATIVE} --type merge -p ${patch}`,
    };
  }
  return {
    text: "Make the hosts fit the certificate, or the certificate the hosts.",
    command: sh`kn-bootstrap install --domain-template flat`,
  };
};

export const hostsCovered = healthCheck({
  id: "certificate.covers",
  title: "The gateway's certificate is for every host that is given out with https",
  needs: ["certificate.usable"],
  reads: [...SERVED_BY, "Secret", "Service.serving.knative.dev", MAPPINGS],
  meaning:
    "Browsers refuse the host of a Service, of one of its tags, or of a DomainMapping, with NET::ERR_CERT_COMMON_NAME_INVALID while http works: a wildcard stands for one label, and the host has more, or another domain.",
  todo: "Use the flat template `{{.Name}}-{{.Namespace}}.{{.Domain}}`, or a wildcard for each namespace: `kn-bootstrap install --domain-template flat`. Leave `tag-template` as it is by itself. A DomainMapping takes a certificate of its own: `spec.tls.secretName`.",
  threads: ["knative/serving#15014", "knative/serving#12828", "knative/serving#4058", "knative/serving#12182"],
  run: withCertificate(async ({ secret, certificate: { names } }, ctx) => {
    const [network, services, mappings] = await Promise.all([
      ctx.cluster.get(configMap("config-network")),
      knativeServices(ctx),
      ctx.cluster.list({ apiVersion: "serving.knative.dev/v1beta1", kind: "DomainMapping" }),
    ]);
    if (routesHaveOwn(dataOf(network))) return skipped("each Route has a certificate of its own");
    const hosts = [
      ...services.flatMap(hostsOfService),
      ...mappings.filter((mapping) => !hasOwnCertificate(mapping)).map(hostOfMapping),
    ].filter(({ isHttps }) => isHttps);
    const bare = hosts.filter(({ host }) => !covers(names, host));
    if (bare.length === 0)
      return ok(`${hosts.length} of ${hosts.length} hosts, by ${few(names)}`, { facts: { names } });
    // A name of somebody's own may have something before the gateway that has its certificate.
    const judge = bare.some(({ object }) => object.kind !== "DomainMapping") ? fail : warn;
    return judge(
      `the certificate is for ${few(names)}, and not for ${few(bare.map(({ host }) => host))}`,
      remedyFor(bare),
      {
        facts: { names },
        evidence: [
          { object: secret, field: "names", observed: names },
          ...bare.map(({ object, field, host }) => ({ object: refOf(object), field, observed: host })),
        ],
      },
    );
  }),
});
