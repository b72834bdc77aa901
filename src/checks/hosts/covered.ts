import { isBrought } from "../../certificates/index.ts";
import { covers } from "../../certificates/names.ts";
import { FLAT } from "../../config/config.ts";
import { fail, ok, skipped, warn } from "../../core/check.ts";
import type { Remedy } from "../../ports/error.ts";
import { few } from "../../ports/few.ts";
import { at, conditionOf, dataOf, type KubeObject, refOf } from "../../ports/object.ts";
import { inNamespace, joined, sh } from "../../ports/shell.ts";
import { configMap, KNATIVE, routesHaveOwn } from "../found.ts";
import { healthCheck } from "../health-check.ts";
import { SERVED_BY } from "../served.ts";
import { type Served, withCertificate } from "../served-certificate.ts";
import { knativeServices } from "../services.ts";
import { type GivenHost, hostOfMapping, hostsOfService, MAPPINGS } from "./given.ts";

/** `TLSNotEnabled`: there is none, and it needs none (knative/serving pkg/reconciler/domainmapping). */
const hasOwnCertificate = (mapping: KubeObject): boolean => {
  const { status, reason } = conditionOf(mapping, "CertificateProvisioned") ?? {};
  return at(mapping, "spec", "tls") !== undefined || (status === "True" && reason !== "TLSNotEnabled");
};

const DEFAULT_TAG = "{{.Tag}}-{{.Name}}";

/** Where the hosts are below the certificate's domain, and have a label more than its wildcard stands for. */
const isDeeper = (names: readonly string[], { host }: GivenHost): boolean =>
  names.some((name) => name.startsWith("*.") && host.endsWith(name.slice(1)));

/** Of each host the wildcard that stands for its first label. */
const wildcardsFor = (bare: readonly GivenHost[]): readonly string[] => [
  ...new Set(bare.map(({ host }) => host.replace(/^[^.]+/, "*"))),
];

const anotherFor = (bare: readonly GivenHost[], { secret, found }: Served): Remedy => {
  const needed = few(wildcardsFor(bare));
  if (found.tls === undefined || isBrought({ tls: found.tls })) {
    const { name, namespace } = secret;
    return {
      text: `Put a certificate for ${needed} into Secret ${namespace}/${name}, in the place of this one:`,
      command: joined(" | ", [
        sh`kubectl create secret tls ${name} ${inNamespace(namespace)} --cert=fullchain.pem --key=privkey.pem --dry-run=client -o yaml`,
        sh`kubectl apply -f -`,
      ]),
    };
  }
  return {
    text: `The certificate has to be for ${needed}. Install issues one for the domain that was chosen; where that is another, name it with --domain.`,
    command: sh`kn-bootstrap install`,
  };
};

const remedyFor = (bare: readonly GivenHost[], served: Served): Remedy => {
  const [mapping] = bare.filter(({ object }) => object.kind === "DomainMapping");
  if (mapping && bare.every(({ object }) => object.kind === "DomainMapping")) {
    const { name, namespace } = mapping.object.metadata;
    const patch = JSON.stringify({ spec: { tls: { secretName: `${name}-tls` } } });
    return {
      text: "Give it a certificate of its own, in a Secret of its namespace. Where something in front of the gateway has one, leave it.",
      command: sh`kubectl patch domainmapping ${name} ${inNamespace(namespace)} --type merge -p ${patch}`,
    };
  }
  const { names } = served.certificate;
  const isForDeeper = bare.some((one) => isDeeper(names, one));
  if (isForDeeper && bare.every(({ tag, object }) => tag !== undefined || object.kind === "DomainMapping")) {
    const patch = JSON.stringify({ data: { "tag-template": DEFAULT_TAG, tagTemplate: null } });
    return {
      text: `Let a tag be part of the first label, as it is by itself: tag-template ${DEFAULT_TAG}.`,
      command: sh`kubectl patch configmap config-network -n ${KNATIVE} --type merge -p ${patch}`,
    };
  }
  const isFlat = served.found.template.replaceAll(/\s/g, "") === FLAT;
  if (isFlat || !isForDeeper) return anotherFor(bare, served);
  return {
    text: "Make the hosts fit the certificate, or the certificate the hosts.",
    command: sh`kn-bootstrap install --domain-template flat`,
  };
};

export const hostsCovered = healthCheck({
  id: "certificate.covers",
  title: "The gateway's certificate is for every host that is given out with https",
  needs: ["certificate.usable"],
  symptomOf: ["domain.default"],
  reads: [...SERVED_BY, "Secret", "Service.serving.knative.dev", MAPPINGS],
  meaning:
    "Browsers refuse the host of a Service, of one of its tags, or of a DomainMapping, with NET::ERR_CERT_COMMON_NAME_INVALID while http works: a wildcard stands for one label, and the host has more, or another domain.",
  todo: "Use the flat template `{{.Name}}-{{.Namespace}}.{{.Domain}}`, or a wildcard for each namespace: `kn-bootstrap install --domain-template flat`. Where the domain is another, take a certificate for that. Leave `tag-template` as it is by itself. A DomainMapping takes a certificate of its own: `spec.tls.secretName`.",
  threads: ["knative/serving#15014", "knative/serving#12828", "knative/serving#4058", "knative/serving#12182"],
  run: withCertificate(async (served, ctx) => {
    const { secret } = served;
    const { names } = served.certificate;
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
    const isFor = names.length === 0 ? "has no names (SAN)" : `is for ${few(names)}`;
    return judge(
      `the certificate ${isFor}, and ${names.length === 0 ? "is " : ""}not for ${few(bare.map(({ host }) => host))}`,
      remedyFor(bare, served),
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
