import type { Issue } from "../changes/certificate.ts";
import type { ObjectRef } from "../ports/object.ts";
import type { CertificateController } from "./controller.ts";

/** What the rest of the program asks of a way to TLS. Nobody asks which one it is. */
export interface TlsStrategy {
  /** Value of --tls. */
  readonly id: string;
  /** Who makes the certificate, inside a sentence: `Let's Encrypt`. */
  readonly title: string;
  /** How the wizard offers it. */
  readonly offer: { readonly title: string; readonly hint: string };
  /** Its paragraph in `help tls`, without its id. Absent: that of another one speaks of it. */
  readonly help?: string;
  /** What https is answered with: one certificate at the gateway, a certificate for each Route, or nothing (plain http). */
  readonly serves: "gateway" | "routes" | "nothing";
  /** An ACME CA that we order from, by DNS-01. */
  readonly acme?: AcmeCa;
  /** Makes the certificate without any CA. What it must keep goes through `store` before it is used. */
  readonly issue?: Issue;
  /** The certificate lies in the Secret that --tls-secret names: it is looked at, and never changed. */
  readonly isBrought?: true;
  /** Another controller in the cluster asks an ACME CA. */
  readonly controller?: CertificateController;
  /** The root that clients import to trust the certificate. It is in `ca.crt` of the gateway's Secret. */
  readonly root?: Root;
  /** Absent: `renew` and its CronJob replace the certificate. */
  readonly elsewhere?: RenewedElsewhere;
}

export interface AcmeCa {
  /** Absent: --acme-directory says it. */
  readonly directory?: string;
  /** No client trusts this CA, by intention. The proof takes the root from the chain that is served. */
  readonly isForTrials?: true;
  /** Most labels of a name, where the CA is known to count them: its name, and the number. */
  readonly mostLabels?: { readonly ca: string; readonly count: number };
}

export interface Root {
  /** `the root of this cluster` */
  readonly title: string;
  /** Where its key is kept. Without it no renewal can be signed, so a new certificate is made when it is gone. */
  readonly secret?: ObjectRef;
}

/** Somebody else replaces the certificate, or there is none. */
export interface RenewedElsewhere {
  /** What `renew` says, as it has nothing to do. */
  readonly answer: string;
  /** Who does it. Absent: there is no certificate. */
  readonly renewer?: {
    /** In `status -o json`. */
    readonly by: string;
    /** For people; `secret`: the value of --tls-secret. */
    readonly text: (secret: string | undefined) => string;
    /** For `help renewal`, inside a sentence. */
    readonly help: string;
  };
  /** What helps when the gateway's certificate is missing or bad. */
  readonly again?: string;
}
