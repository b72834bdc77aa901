import type { TlsStrategy } from "./strategy.ts";

export const brought = {
  id: "secret",
  title: "its owner",
  offer: { title: "A certificate that I have", hint: "It is in a Secret, which is asked next." },
  help: "a certificate of your own, in the Secret that --tls-secret names. It is read, checked and never changed.",
  serves: "gateway",
  isBrought: true,
  elsewhere: {
    answer: "The certificate was brought in a Secret; whoever keeps that renews it. Then run install again.",
    renewer: {
      by: "owner",
      text: (secret) => `whoever keeps Secret ${secret}; run install again then`,
      help: "a certificate of --tls secret is its owner's business",
    },
    again: "bring one, then run kn-bootstrap install",
  },
} as const satisfies TlsStrategy;
