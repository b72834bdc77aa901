import { isDeepStrictEqual } from "node:util";
import type { Obj } from "../types.ts";

/** What cert-manager's webhook refuses, as far as an installation can get it wrong (internal/apis/certmanager/validation). */

const ISSUERS = ["acme", "ca", "selfSigned", "vault", "venafi"];
const DNS_PROVIDERS = [
  "acmeDNS",
  "akamai",
  "azureDNS",
  "cloudDNS",
  "cloudflare",
  "digitalocean",
  "rfc2136",
  "route53",
  "webhook",
];
const TSIG = ["HMACMD5", "HMACSHA1", "HMACSHA256", "HMACSHA512"];

const required = (path: string, why = ""): string => `${path}: Required value${why ? `: ${why}` : ""}`;

const selector = (path: string, value: Obj | undefined): string[] => [
  ...(value?.name ? [] : [required(`${path}.name`, "secret name is required")]),
  ...(value?.key ? [] : [required(`${path}.key`, "secret key is required")]),
];

const route53 = (path: string, spec: Obj): string[] => [
  ...(spec.accessKeyID && spec.accessKeyIDSecretRef
    ? [required(path, "accessKeyID and accessKeyIDSecretRef cannot both be specified")]
    : []),
];

const rfc2136 = (path: string, spec: Obj): string[] => {
  const errors = spec.nameserver ? [] : [required(`${path}.nameserver`)];
  if (spec.tsigAlgorithm && !TSIG.includes(String(spec.tsigAlgorithm).toUpperCase()))
    errors.push(`${path}.tsigAlgorithm: Unsupported value: "${spec.tsigAlgorithm}"`);
  if (spec.tsigKeyName && !spec.tsigSecretSecretRef) errors.push(...selector(`${path}.tsigSecretSecretRef`, undefined));
  if (spec.tsigSecretSecretRef) errors.push(...selector(`${path}.tsigSecretSecretRef`, spec.tsigSecretSecretRef));
  if (spec.tsigSecretSecretRef && !spec.tsigKeyName) errors.push(required(`${path}.tsigKeyName`));
  return errors;
};

const solver = (path: string, spec: Obj): string[] => {
  if (spec.http01 && spec.dns01)
    return [`${path}: Forbidden: may not specify more than one solver type in a single solver`];
  if (!spec.http01 && !spec.dns01) return [required(path, "no solver type configured")];
  if (!spec.dns01) return [];
  const named = DNS_PROVIDERS.filter((name) => spec.dns01[name]);
  if (named.length === 0) return [required(`${path}.dns01`, "no DNS01 provider configured")];
  if (named.length > 1) return [`${path}.dns01.${named[1]}: Forbidden: may not specify more than one provider type`];
  if (spec.dns01.rfc2136) return rfc2136(`${path}.dns01.rfc2136`, spec.dns01.rfc2136);
  return spec.dns01.route53 ? route53(`${path}.dns01.route53`, spec.dns01.route53) : [];
};

const acme = (spec: Obj): string[] => [
  ...(spec.privateKeySecretRef?.name
    ? []
    : [required("spec.acme.privateKeySecretRef.name", "private key secret name is a required field")]),
  ...(spec.server ? [] : [required("spec.acme.server", "acme server URL is a required field")]),
  ...(spec.caBundle && !/BEGIN CERTIFICATE/.test(Buffer.from(spec.caBundle, "base64").toString())
    ? ['spec.acme.caBundle: Invalid value: "": specified caBundle is invalid']
    : []),
  ...(spec.externalAccountBinding
    ? [
        ...(spec.externalAccountBinding.keyID
          ? []
          : [
              required(
                "spec.acme.externalAccountBinding.keyID",
                "the keyID field is required when using externalAccountBinding",
              ),
            ]),
        ...selector("spec.acme.externalAccountBinding.keySecretRef", spec.externalAccountBinding.keySecretRef),
      ]
    : []),
  ...((spec.solvers ?? []) as Obj[]).flatMap((one, index) => solver(`spec.acme.solvers[${index}]`, one)),
];

const issuer = ({ spec = {} }: Obj): string[] => {
  const types = ISSUERS.filter((type) => spec[type]);
  if (types.length === 0) return [required("spec", "at least one issuer must be configured")];
  if (types.length > 1) return [`spec.${types[1]}: Forbidden: may not specify more than one issuer type`];
  if (spec.acme) return acme(spec.acme);
  return spec.ca && !spec.ca.secretName ? [required("spec.ca.secretName")] : [];
};

const certificate = ({ spec = {} }: Obj): string[] => [
  ...(spec.secretName ? [] : [required("spec.secretName", "must be specified")]),
  ...(spec.issuerRef?.name ? [] : [required("spec.issuerRef.name", "must be specified")]),
  ...((spec.commonName?.length ?? 0) > 64 ? [`spec.commonName: Too long: may not be more than 64 bytes`] : []),
  ...(spec.commonName || spec.dnsNames?.length || spec.uris?.length || spec.ipAddresses?.length
    ? []
    : [
        'spec: Invalid value: "": at least one of commonName (from the commonName field or from a literalSubject), dnsNames, uriSANs, ipAddresses, emailSANs or otherNames must be set',
      ]),
];

/** The webhook's message, or undefined: it lets the object in. */
export const refusal = (object: Obj, old: Obj | undefined): string | undefined => {
  if (object.kind === "CertificateRequest" && old && !isDeepStrictEqual(object.spec, old.spec))
    return "spec: Forbidden: cannot change spec after creation";
  const errors =
    object.kind === "ClusterIssuer" || object.kind === "Issuer"
      ? issuer(object)
      : object.kind === "Certificate"
        ? certificate(object)
        : [];
  if (errors.length === 0) return undefined;
  return errors.length === 1 ? errors[0] : `[${errors.join(", ")}]`;
};
