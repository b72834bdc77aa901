import { matchesLabelSelector } from "../api/selectors.ts";
import { API, KINDS } from "../cert-manager/names.ts";
import {
  type Condition,
  covers,
  ensure,
  isOwnedBy,
  isTrue,
  keyOf,
  keysOfKind,
  keysOfOwner,
  ownerReference,
  refAt,
  refOf,
  type Stage,
} from "../objects.ts";
import type { Reconciler } from "../reconcile.ts";
import type { Obj } from "../types.ts";
import { livingConditions, no, unknown, type Verdict, yes } from "./conditions.ts";
import { parseGoTemplate } from "./go-template.ts";
import { CONTROLLER, NAMESPACE, NETWORKING } from "./names.ts";
import { knativeMinor, livingIn } from "./process.ts";
import { domainFor, networkSettings, readConfig } from "./settings.ts";
import { firstDocument } from "./yaml.ts";

/** Serving's own half: its controller asks cert-manager for what Routes and namespaces want (pkg/reconciler/certificate, nscert). */

export const CLASS = "cert-manager.certificate.networking.knative.dev";
export const CLASS_ANNOTATION = "networking.knative.dev/certificate.class";
export const TYPE_LABEL = "networking.knative.dev/certificate-type";
export const WILDCARD_LABEL = "networking.knative.dev/wildcardDomain";
const KIND = "Certificate";
const LONGEST_COMMON_NAME = 63;

export interface KnativeCertificates {
  /** At each start of the controller: the last words of one that cannot run, or what it decided is kept until the next start. */
  readonly start: () => string | undefined;
  readonly isOn: () => boolean;
  readonly reconcilers: readonly Reconciler[];
}

/** Before, a component of its own stood between the two: net-certmanager. */
const BUILT_IN_SINCE = 15;

/** What Serving decides at the start of its controller and never again (cmd/controller/main.go). */
const isAsked = (stage: Stage): boolean => {
  if (knativeMinor(stage, NAMESPACE, CONTROLLER) < BUILT_IN_SINCE) return false;
  const network = readConfig(stage.api, "config-network");
  const isOn = (key: string): boolean => network[key]?.toLowerCase() === "enabled";
  return (
    networkSettings(stage).externalDomainTls ||
    isOn("system-internal-tls") ||
    isOn("cluster-local-domain-tls") ||
    Boolean(network["namespace-wildcard-cert-selector"])
  );
};

const missingKind = ({ api }: Stage): string | undefined => {
  const isServed = (plural: string, group: string): boolean =>
    isTrue(
      api.get({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: `${plural}.${group}` }),
      "Established",
    );
  const needed = KINDS.filter(([plural]) => plural !== "orders");
  const missing = needed.find(([plural, group]) => !isServed(plural, group));
  if (!missing) return undefined;
  const isGroupThere = needed.some(([plural, group]) => group === missing[1] && isServed(plural, group));
  return isGroupThere
    ? `cert manager crds are missing: ${missing[0]}`
    : "the server could not find the requested resource";
};

const issuerRefs = ({ api }: Stage): Record<string, { kind?: string; name?: string }> => {
  const data = readConfig(api, "config-certmanager");
  // What is written is read over this default, field by field.
  const read = (key: string) => ({
    kind: "ClusterIssuer",
    name: "knative-selfsigned-issuer",
    ...((data[key] === undefined ? {} : firstDocument(data[key])) as object),
  });
  return {
    "external-domain": read("issuerRef"),
    "cluster-local-domain": read("clusterLocalIssuerRef"),
    "system-internal": read("systemInternalIssuerRef"),
  };
};

const commonNameOf = ({ spec }: Obj): { name: string } | { refusal: string } => {
  const [first = ""] = spec.dnsNames as string[];
  if (first.length <= LONGEST_COMMON_NAME) return { name: first };
  const lead = "error creating cert-manager certificate: CommonName";
  if (!spec.domain)
    return {
      refusal: `${lead} (${first}) too long and field spec.Domain on Kcert is empty, cannot attempt to shorten`,
    };
  if (spec.domain === first) return { refusal: `${lead} (${first}) longer than ${LONGEST_COMMON_NAME} characters` };
  if (spec.domain.length > LONGEST_COMMON_NAME - 2)
    return {
      refusal: `${lead} (${spec.domain})(length: ${spec.domain.length}) too long, prepending short prefix of (k.)(length: 2) will be longer than 64 bytes`,
    };
  return { name: `k.${spec.domain}` };
};

export const knativeCertificates = (stage: Stage): KnativeCertificates => {
  const { api } = stage;
  let isOn = false;

  const ensureCertificate = async (wanted: Obj, commonName: string, issuerRef: object): Promise<Obj> => {
    const { name, namespace = "", labels = {}, annotations = {}, uid = "" } = wanted.metadata;
    const dnsNames = [...new Set([commonName, ...(wanted.spec.dnsNames as string[])])];
    return await ensure(
      api,
      CONTROLLER,
      {
        apiVersion: API,
        kind: KIND,
        metadata: { name, namespace, labels, annotations, ownerReferences: [ownerReference(wanted)] },
        spec: {
          commonName,
          secretName: wanted.spec.secretName,
          dnsNames,
          issuerRef,
          secretTemplate: { labels: { "networking.internal.knative.dev/certificate-uid": uid } },
        },
      },
      { exactly: true },
    );
  };

  const NOT_READY = ["InProgress", "Pending", "TemporaryCertificate"];

  const judge = (certificate: Obj): Verdict => {
    const ready = (certificate.status?.conditions as Condition[] | undefined)?.find(({ type }) => type === "Ready");
    if (ready?.status === "True") return yes();
    const isFailed = ready?.status === "False" && !NOT_READY.includes(ready.reason ?? "");
    // It looks for an HTTP-01 solver in a ClusterIssuer of that name whatever kind is asked for, and fails without one.
    const hasIssuer = api.get({ apiVersion: API, kind: "ClusterIssuer", name: certificate.spec.issuerRef.name });
    if (isFailed) return no(ready.reason, ready.message);
    if (!hasIssuer) return unknown("ReconcileFailed", "Cert-Manager certificate has not yet been reconciled.");
    return ready
      ? unknown(ready.reason, ready.message)
      : unknown("NoCertManagerCertCondition", "The ready condition of Cert Manager Certificate does not exist.");
  };

  const write = (wanted: Obj, verdict: Verdict, notAfter?: string): Promise<unknown> =>
    api.update(
      CONTROLLER,
      refOf(wanted),
      (draft) => {
        draft.status = {
          ...draft.status,
          observedGeneration: wanted.metadata.generation,
          ...(notAfter ? { notAfter } : {}),
          conditions: livingConditions(draft.status?.conditions, { Ready: verdict }),
        };
      },
      { subresource: "status" },
    );

  const certificates: Reconciler = {
    name: "knative-certificate",
    keys: (event) => {
      const { object } = event;
      const isConfig =
        object.kind === "ConfigMap" &&
        object.metadata.namespace === NAMESPACE &&
        object.metadata.name === "config-certmanager";
      if (isConfig) return api.list(NETWORKING, KIND).map(keyOf);
      if (object.apiVersion === API) return keysOfOwner(event, KIND);
      return keysOfKind(event, NETWORKING, KIND);
    },
    reconcile: async (key) => {
      const wanted = api.get(refAt(NETWORKING, KIND, key));
      if (!isOn || !wanted || wanted.metadata.deletionTimestamp) return undefined;
      if ((wanted.metadata.annotations?.[CLASS_ANNOTATION] ?? CLASS) !== CLASS) return undefined;
      const commonName = commonNameOf(wanted);
      if ("refusal" in commonName) {
        await write(wanted, no("CommonName Too Long", commonName.refusal));
        return undefined;
      }
      const type = wanted.metadata.labels?.[TYPE_LABEL] ?? "external-domain";
      const certificate = await ensureCertificate(wanted, commonName.name, issuerRefs(stage)[type] ?? {});
      await write(wanted, judge(certificate), certificate.status?.notAfter);
      return undefined;
    },
  };

  /** One wildcard for each namespace that the selector of config-network names. */
  const namespaces: Reconciler = {
    name: "knative-namespace-certificate",
    keys: (event) => {
      const { object } = event;
      const isConfig =
        object.kind === "ConfigMap" &&
        object.metadata.namespace === NAMESPACE &&
        (object.metadata.name === "config-network" || object.metadata.name === "config-domain");
      return isConfig ? api.list("v1", "Namespace").map(keyOf) : keysOfKind(event, "v1", "Namespace");
    },
    reconcile: async (key) => {
      const namespace = api.get({ apiVersion: "v1", kind: "Namespace", name: key.slice(1) });
      if (!namespace || namespace.metadata.deletionTimestamp || !api.get(KCERT_CRD)) return undefined;
      const { name } = namespace.metadata;
      const ours = api.list(NETWORKING, KIND, name).filter((one) => isOwnedBy(one, namespace));
      const text = readConfig(api, "config-network")["namespace-wildcard-cert-selector"];
      const selector = text === undefined || text === "" ? undefined : firstDocument(text);
      if (!selector || !matchesLabelSelector(selector as Record<string, unknown>, namespace.metadata.labels ?? {})) {
        for (const one of ours) await api.remove(refOf(one));
        return undefined;
      }
      const domain = domainFor(stage, {});
      const { domainTemplate } = networkSettings(stage);
      const host = parseGoTemplate("domain-template", domainTemplate).execute(
        { Name: "*", Namespace: name, Domain: domain },
        "DomainTemplateValues",
      );
      // Refused with "invalid DomainTemplate", which is only logged.
      if (!/^\*\..+$/.test(host)) return undefined;
      const bare = host.slice(2);
      const desired = { dnsNames: [host], secretName: bare };
      if (ours.some(({ spec }) => covers(spec, desired))) return undefined;
      await ensure(api, CONTROLLER, {
        apiVersion: NETWORKING,
        kind: KIND,
        metadata: {
          name: bare,
          namespace: name,
          labels: { [WILDCARD_LABEL]: domain },
          annotations: { [CLASS_ANNOTATION]: CLASS },
          ownerReferences: [ownerReference(namespace)],
        },
        spec: desired,
      });
      return undefined;
    },
  };

  return {
    start: () => {
      const asked = isAsked(stage);
      const missing = asked ? missingKind(stage) : undefined;
      // Go's own logger, before Knative's exists.
      if (missing) return `${now()} Please install cert-manager: ${missing}`;
      isOn = asked;
      return undefined;
    },
    isOn: () => isOn,
    reconcilers: [
      livingIn(stage, CONTROLLER, { apiVersion: NETWORKING, kind: KIND }, certificates),
      livingIn(stage, CONTROLLER, { apiVersion: "v1", kind: "Namespace" }, namespaces),
    ],
  };
};

const KCERT_CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  name: `certificates.${NETWORKING.split("/")[0]}`,
};

const now = (): string => new Date().toISOString().slice(0, 19).replaceAll("-", "/").replace("T", " ");
