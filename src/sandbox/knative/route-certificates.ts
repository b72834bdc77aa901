import { conditionOf, ensure, isOwnedBy, isTrue, ownerReference, refOf, type Stage } from "../objects.ts";
import type { Obj } from "../types.ts";
import { CLASS, CLASS_ANNOTATION, TYPE_LABEL, WILDCARD_LABEL } from "./certificates.ts";
import { no, unknown, type Verdict, yes } from "./conditions.ts";
import { CONTROLLER, NETWORKING } from "./names.ts";
import { domainFor, networkSettings, readConfig } from "./settings.ts";

/** The certificates of one Route (pkg/reconciler/route, externalDomainTLS). */

export interface RouteCertificates {
  /** For `spec.tls` of the kingress: those that are ready. */
  readonly tls: readonly {
    readonly hosts: readonly string[];
    readonly secretName: string;
    readonly secretNamespace: string;
  }[];
  /** Condition CertificateProvisioned. */
  readonly verdict: Verdict;
  /** Of the hosts that have or get a certificate; the others have the default scheme. */
  readonly schemes: ReadonlyMap<string, "http" | "https">;
}

const TYPE = "external-domain";
/** Not inherited from the Route. */
const EXCLUDED = ["kubectl.kubernetes.io/last-applied-configuration"];

/** Adler-32 of a short text, as the names of tags' certificates use it (RFC 1950 §8.2). */
const adler32 = (text: string): number => {
  let [a, b] = [1, 0];
  for (const byte of Buffer.from(text)) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return ((b << 16) | a) >>> 0;
};

const parentOf = (host: string): string => host.slice(host.indexOf(".") + 1);

/** @param names public hosts of the Route, with their tags (empty for the Route itself) */
export const routeCertificates = async (
  stage: Stage,
  route: Obj,
  names: readonly { readonly tag: string; readonly host: string }[],
): Promise<RouteCertificates> => {
  const { api } = stage;
  const { namespace = "", annotations = {}, labels = {}, uid, name } = route.metadata;
  const isOff = ["disable-external-domain-tls", "disable-auto-tls", "disableAutoTLS"].some(
    (key) => annotations[`networking.knative.dev/${key}`]?.toLowerCase() === "true",
  );
  const settings = networkSettings(stage);
  const isOn = settings.externalDomainTls && !isOff;
  const ours = api
    .list(NETWORKING, "Certificate", namespace)
    .filter((one) => isOwnedBy(one, route) && (one.metadata.labels?.[TYPE_LABEL] ?? TYPE) === TYPE);
  if (!isOn || names.length === 0)
    return { tls: [], verdict: yes("TLSNotEnabled", "external-domain-tls is not enabled"), schemes: new Map() };

  const domain = domainFor(stage, labels);
  const network = readConfig(api, "config-network");
  const certificateClass = network["certificate-class"] ?? network["certificate.class"] ?? CLASS;
  const wildcards = api
    .list(NETWORKING, "Certificate", namespace)
    .filter((one) => one.metadata.labels?.[WILDCARD_LABEL] === domain);
  const inherited = Object.fromEntries(Object.entries(annotations).filter(([key]) => !EXCLUDED.includes(key)));

  const used = new Set<string>();
  const tls: RouteCertificates["tls"][number][] = [];
  const schemes = new Map<string, "http" | "https">();
  let verdict: Verdict = yes();
  for (const { tag, host } of [...names].sort((a, b) => (a.host < b.host ? -1 : 1))) {
    const wildcard = wildcards.find(({ spec }) =>
      (spec.dnsNames as string[]).some((one) => parentOf(one) === parentOf(host)),
    );
    const certificateName = `route-${uid}${tag === "" ? "" : `-${adler32(tag)}`}`;
    const certificate =
      wildcard ??
      (await ensure(api, CONTROLLER, {
        apiVersion: NETWORKING,
        kind: "Certificate",
        metadata: {
          name: certificateName,
          namespace,
          labels: { "serving.knative.dev/route": name, [TYPE_LABEL]: TYPE },
          annotations: { [CLASS_ANNOTATION]: certificateClass, ...inherited },
          ownerReferences: [ownerReference(route)],
        },
        spec: { dnsNames: [host], domain, secretName: certificateName },
      }));
    if (!wildcard) used.add(certificateName);
    schemes.set(host, "https");
    if (isTrue(certificate, "Ready")) {
      verdict = yes();
      const hosts = wildcard ? (wildcard.spec.dnsNames as string[]) : [host];
      tls.push({ hosts, secretName: certificate.spec.secretName, secretNamespace: namespace });
      continue;
    }
    const ready = conditionOf(certificate, "Ready");
    const id = certificate.metadata.name;
    verdict =
      ready?.status === "False"
        ? no("CertificateProvisionFailed", `Certificate ${id} fails to be provisioned: ${ready.reason ?? ""}`)
        : unknown("CertificateNotReady", `Certificate ${id} is not ready: ${ready?.reason ?? ""}`);
    if (settings.httpOption !== "Enabled") continue;
    schemes.set(host, "http");
    verdict = yes("HTTPDowngrade", `Certificate ${id} is not ready downgrade HTTP.`);
  }
  for (const orphan of ours) if (!used.has(orphan.metadata.name)) await api.remove(refOf(orphan));
  return { tls, verdict, schemes };
};
