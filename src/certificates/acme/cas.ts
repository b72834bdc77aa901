import type { TlsStrategy } from "../strategy.ts";

/** Boulder's policy for names: without their `*.`. */
const mostLabels = { ca: "Let's Encrypt", count: 10 } as const;

export const letsEncrypt = {
  id: "letsencrypt",
  title: "Let's Encrypt",
  offer: { title: "Let's Encrypt", hint: "Every browser trusts it. Nothing to pay, nothing to sign up for." },
  help: `trusted by browsers. The default where records can be written (--dns route53, rfc2136 or manual), as the CA wants to see a TXT record. Try with letsencrypt-staging first: it has wide limits and is trusted by nobody.

  kn-bootstrap install --dns route53 --domain apps.example.com --tls letsencrypt-staging`,
  serves: "gateway",
  acme: { directory: "https://acme-v02.api.letsencrypt.org/directory", mostLabels },
} as const satisfies TlsStrategy;

export const letsEncryptStaging = {
  id: "letsencrypt-staging",
  title: "Let's Encrypt's staging CA",
  offer: {
    title: "Let's Encrypt, staging",
    hint: "For trying out: browsers do not trust it, and its limits are wide.",
  },
  serves: "gateway",
  acme: { directory: "https://acme-staging-v02.api.letsencrypt.org/directory", isForTrials: true, mostLabels },
} as const satisfies TlsStrategy;

/** Any other, by --acme-directory. */
export const anyAcmeCa = {
  id: "acme",
  title: "the ACME CA",
  offer: { title: "Another ACME CA", hint: "A private one, for example; its directory is asked next." },
  help: "any other CA that speaks RFC 8555, also a private one: --acme-directory, --acme-ca-file with its root, --acme-profile. Account binding comes by ACME_EAB_KID and ACME_EAB_HMAC_KEY or ACME_EAB_HMAC_KEY_FILE.",
  serves: "gateway",
  acme: {},
} as const satisfies TlsStrategy;
