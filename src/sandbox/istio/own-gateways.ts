import { X509Certificate } from "node:crypto";
import { secretOf } from "../ingress/certificate.ts";
import { NAMESPACE } from "../knative/names.ts";
import { knativeMinor } from "../knative/process.ts";
import { ownerReference, type Stage } from "../objects.ts";
import type { Obj } from "../types.ts";
import { openHosts } from "./kingress.ts";
import { CONTROLLER, HTTP, HTTPS, INGRESS_LABEL, ISTIO } from "./names.ts";
import type { SharedGateway } from "./settings.ts";

/** Gateways and Secrets that net-istio makes for single kingresses (pkg/reconciler/ingress/resources/gateway.go, secret.go). */

interface Own {
  /** Copies of certificates, in the namespaces of the gateways. */
  readonly secrets: readonly Obj[];
  readonly gateways: readonly Obj[];
}

interface Tls {
  readonly hosts: readonly string[];
  readonly secretNamespace: string;
  readonly secretName: string;
}

/** What certificates of a kingress are for names outside. */
export const openTls = (kingress: Obj): readonly Tls[] => {
  const open = new Set(openHosts(kingress));
  return ((kingress.spec.tls ?? []) as Tls[]).filter(({ hosts }) => hosts.some((host) => open.has(host)));
};

/** Until then Gateways were given file names beside the Secret's, which Istio 1.27 refuses. */
const ONE_FORM_SINCE = 18;

/** Throws an Error with the controller's words where a Secret or the Service of a gateway is missing. */
export const ownGateways = (stage: Stage, kingress: Obj, external: readonly SharedGateway[]): Own => {
  const tls = openTls(kingress);
  const isRedirected = kingress.spec.httpOption === "Redirected";
  if (openHosts(kingress).length === 0 || (tls.length === 0 && !isRedirected)) return { secrets: [], gateways: [] };
  const services = external.map((gateway) => serviceOf(stage, gateway));
  const origins = tls.map((one) => ({ ...one, origin: originOf(stage, one) }));
  const wild = origins.filter(({ origin }) => namesIn(origin).some((name) => name.startsWith("*.")));
  const plain = origins.filter((one) => !wild.includes(one));
  const files = knativeMinor(stage, NAMESPACE, CONTROLLER) < ONE_FORM_SINCE ? FILES : {};
  const copyName = (origin: Obj): string =>
    wild.some((one) => one.origin === origin)
      ? `${origin.metadata.namespace}--${origin.metadata.name}-wildcard`
      : `${kingress.metadata.name}-${origin.metadata.uid}`;
  const tlsFor = (origin: Obj, service: Obj): object => {
    const isNear = origin.metadata.namespace === service.metadata.namespace;
    return { mode: "SIMPLE", ...files, credentialName: isNear ? origin.metadata.name : copyName(origin) };
  };
  const secrets = services.flatMap((service) =>
    origins.flatMap(({ origin }) =>
      origin.metadata.namespace === service.metadata.namespace ? [] : [copyOf(origin, copyName(origin), service)],
    ),
  );
  const httpServer = {
    hosts: openHosts(kingress).toSorted(),
    port: { name: "http-server", number: HTTP, protocol: "HTTP" },
    ...(isRedirected ? { tls: { httpsRedirect: true } } : {}),
  };
  const single = services.map((service) =>
    gatewayOf(kingress, service, [
      ...plain.map(({ hosts, origin }, index) => ({
        hosts,
        port: {
          name: `${kingress.metadata.namespace}/${labelOf(kingress)}:${index}`,
          number: HTTPS,
          protocol: "HTTPS",
        },
        tls: tlsFor(origin, service),
      })),
      httpServer,
    ]),
  );
  const shared = services.flatMap((service) =>
    wild.map(({ origin }) => wildcardGateway(origin, service, tlsFor(origin, service))),
  );
  return { secrets, gateways: [...shared, ...single] };
};

const FILES = { serverCertificate: "tls.crt", privateKey: "tls.key", minProtocolVersion: "TLSV1_2" };

const serviceOf = ({ api }: Stage, { service }: SharedGateway): Obj => {
  const [name = "", namespace = "", rest] = service.split(".");
  if (rest === undefined) throw new Error(`unexpected service URL form: ${service}`);
  const found = api.get({ apiVersion: "v1", kind: "Service", namespace, name });
  if (!found) throw new Error(`service "${name}" not found`);
  return found;
};

const originOf = ({ api }: Stage, { secretNamespace, secretName }: Tls): Obj => {
  const found = secretOf(api, { namespace: secretNamespace, name: secretName });
  if (!found) throw new Error(`secret "${secretName}" not found`);
  return found;
};

/** Throws where the certificate cannot be read. */
const namesIn = ({ data, metadata }: Obj): readonly string[] => {
  try {
    const { subjectAltName = "" } = new X509Certificate(Buffer.from(data?.["tls.crt"] ?? "", "base64"));
    return [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name);
  } catch {
    throw new Error(`failed to decode PEM data for secret ${metadata.namespace}/${metadata.name}`);
  }
};

const UID_LABEL = "networking.internal.knative.dev/certificate-uid";
const ORIGIN = "networking.internal.knative.dev/originSecret";
const MAX_LABEL = 63;

const copyOf = (origin: Obj, name: string, service: Obj): Obj => {
  const long = origin.metadata.name.length > MAX_LABEL;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace: service.metadata.namespace ?? "",
      labels: {
        [UID_LABEL]: origin.metadata.labels?.[UID_LABEL] ?? "",
        [`${ORIGIN}Namespace`]: origin.metadata.namespace ?? "",
        [`${ORIGIN}Name`]: long ? shortened(origin.metadata.name, adler32(origin.metadata.name)) : origin.metadata.name,
      },
      ...(long ? { annotations: { [`${ORIGIN}Name`]: origin.metadata.name } } : {}),
    },
    type: origin.type,
    data: origin.data,
  };
};

/** Whether a Secret is such a copy of one. */
export const isCopyOf = ({ metadata: { labels = {} } }: Obj, { secretNamespace, secretName }: Tls): boolean =>
  labels[`${ORIGIN}Namespace`] === secretNamespace && labels[`${ORIGIN}Name`] === secretName;

const gatewayOf = (kingress: Obj, service: Obj, servers: readonly object[]): Obj => {
  const { name, namespace = "" } = kingress.metadata;
  const checksum = adler32(`${service.metadata.namespace}/${service.metadata.name}`);
  return {
    apiVersion: ISTIO,
    kind: "Gateway",
    metadata: {
      name: shortened(labelOf(kingress), checksum),
      namespace,
      labels: { [INGRESS_LABEL]: name },
      ownerReferences: [ownerReference(kingress)],
    },
    spec: { ...(service.spec.selector ? { selector: service.spec.selector } : {}), servers },
  };
};

const wildcardGateway = (origin: Obj, service: Obj, tls: object): Obj => ({
  apiVersion: ISTIO,
  kind: "Gateway",
  metadata: {
    name: `wildcard-${adler32(`${origin.metadata.name}-${service.metadata.namespace}-${service.metadata.name}`).toString(16)}`,
    namespace: origin.metadata.namespace ?? "",
    ownerReferences: [ownerReference(origin)],
  },
  spec: {
    ...(service.spec.selector ? { selector: service.spec.selector } : {}),
    servers: [{ hosts: namesIn(origin), port: { name: "https", number: HTTPS, protocol: "HTTPS" }, tls }],
  },
});

/** Its name, where that is a DNS label. */
const labelOf = ({ metadata: { name } }: Obj): string =>
  name.length <= MAX_LABEL && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) ? name : String(adler32(name));

const shortened = (name: string, checksum: number): string =>
  `${name.slice(0, MAX_LABEL - String(checksum).length - 1)}-${checksum}`;

const MODULUS = 65521;

const adler32 = (text: string): number => {
  let [a, b] = [1, 0];
  for (const byte of Buffer.from(text)) {
    a = (a + byte) % MODULUS;
    b = (b + a) % MODULUS;
  }
  return b * 65536 + a;
};
