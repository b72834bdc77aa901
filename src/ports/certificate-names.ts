import type { X509Certificate } from "node:crypto";

/** `DNS:a.example.com, IP Address:192.0.2.1, DNS:"what, DNS:might.mislead"`: Node quotes, as JSON does, what has signs of its own. */
const ENTRY = /(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)/g;

const unquoted = (text: string): string => {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
};

/** The entries of the subjectAltName extension (RFC 5280 §4.2.1.6), in its order; `kind` is `DNS`, `IP Address`, `URI` … */
export const alternativeNames = (
  certificate: X509Certificate,
): readonly { readonly kind: string; readonly value: string }[] =>
  [...(certificate.subjectAltName ?? "").matchAll(ENTRY)].map(([, kind = "", value = ""]) => ({
    kind,
    value: unquoted(value),
  }));

/** Its dNSNames, lower case. The common name does not count (RFC 6125 §6.4.4). */
export const dnsNamesOf = (certificate: X509Certificate): readonly string[] =>
  alternativeNames(certificate).flatMap(({ kind, value }) => (kind === "DNS" ? [value.toLowerCase()] : []));
