/** What cert-manager reaches outside of the cluster: a CA, and the DNS of a domain. */

export interface Account {
  /** URL of the CA's directory. */
  readonly directory: string;
  readonly email?: string;
  /** PEM of the roots for the CA's own https; absent: the system's. */
  readonly ca?: string;
  /** PEM (PKCS #8) of the account's key. */
  readonly key: string;
  /** `hmacKey`: base64url, as the CA printed it. */
  readonly external?: { readonly kid: string; readonly hmacKey: string };
}

/** A DNS-01 solver with its Secrets read. */
export type Solver =
  | {
      readonly provider: "route53";
      readonly region: string;
      readonly hostedZoneID?: string;
      readonly role?: string;
      /** Absent: the pod's own rights. */
      readonly accessKey?: { readonly id: string; readonly secret: string };
    }
  | {
      readonly provider: "rfc2136";
      /** `host:port` */
      readonly nameserver: string;
      /** `algorithm` in cert-manager's spelling, `HMACSHA256`; `secret` in base64. */
      readonly key?: { readonly name: string; readonly algorithm: string; readonly secret: string };
    };

export interface ChallengeNews {
  /** Without `*.`. */
  readonly name: string;
  readonly isWildcard: boolean;
  readonly state: "pending" | "processing" | "valid" | "invalid" | "errored";
  /** `Waiting for DNS-01 challenge propagation: …`, or what the CA or the DNS provider said. */
  readonly reason?: string;
}

export interface Order {
  readonly account: Account;
  /** Of the account. */
  readonly uri: string;
  /** dNSNames. */
  readonly names: readonly string[];
  /** PEM. */
  readonly csr: string;
  readonly profile?: string;
  readonly solverFor: (name: string) => Solver;
  /** May be called at any time and any number of times. */
  readonly tell: (news: ChallengeNews) => void;
}

/** The CA, or the DNS provider, said no, and cert-manager gives the order up. Any other rejection is tried again every ten seconds. */
export class Refused extends Error {
  readonly state: "invalid" | "errored";
  constructor(state: "invalid" | "errored", message: string) {
    super(message);
    this.name = "Refused";
    this.state = state;
  }
}

/** Rejections carry the words that cert-manager would put into a status. */
export interface Door {
  /** Finds or makes the account; resolves to its URL. */
  readonly register: (account: Account) => Promise<string>;
  /** From the order to the chain (PEM, the certificate first): publishes TXT records, waits for them, takes them away. */
  readonly issue: (order: Order) => Promise<string>;
}

/** A world without a CA: nobody answers at its name. */
export const closedDoor: Door = {
  register: async ({ directory }) => {
    throw new Error(
      `Get "${directory}": dial tcp: lookup ${URL.parse(directory)?.hostname ?? directory}: no such host`,
    );
  },
  issue: async ({ account }) => {
    throw new Error(`Get "${account.directory}": dial tcp: no such host`);
  },
};
