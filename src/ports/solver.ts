/** How cert-manager writes the TXT records of DNS-01 at a DNS provider (its type acme.ACMEChallengeSolverDNS01). */
export interface Dns01Solver {
  /** What stands under `dns01`, referring to the Secret of this name for what {@link keys} says. */
  readonly dns01: (secret: string) => Readonly<Record<string, unknown>>;
  /** What the Secret holds, as plain texts; absent: nothing, and none is needed. */
  readonly keys?: Readonly<Record<string, string>>;
  /** It works with what cert-manager's pod has by itself: what its ServiceAccount or its node may do. */
  readonly isAmbient?: true;
  /** What a reader of the plan must know of the credentials. */
  readonly note?: string;
}
