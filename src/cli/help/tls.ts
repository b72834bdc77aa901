import type { Topic } from "./topic.ts";

export const tls: Topic = {
  name: "tls",
  summary: "Where the certificate comes from, and which names it has to cover",
  text: `
letsencrypt: trusted by browsers. The default where records can be written (--dns route53, rfc2136 or manual), as the CA wants to see a TXT record. Try with letsencrypt-staging first: it has wide limits and is trusted by nobody.

  kn-bootstrap install --dns route53 --domain apps.example.com --tls letsencrypt-staging

acme: any other CA that speaks RFC 8555, also a private one: --acme-directory, --acme-ca-file with its root, --acme-profile. Account binding comes by ACME_EAB_KID and ACME_EAB_HMAC_KEY or ACME_EAB_HMAC_KEY_FILE.

self-signed: a root made for this cluster, kept over reinstalls; the last screen prints it for import. The default where no record can be written.

secret: a certificate of your own, in the Secret that --tls-secret names. It is read, checked and never changed.

cert-manager: installed if it is not there, and asked by Knative for each Route.

none: plain http.

A wildcard stands for one label only. With --domain-template flat (the default with TLS) one certificate for *.DOMAIN covers every Service; with nested, each namespace needs a wildcard of its own, so name them with --namespaces.
`,
};
