import type { Resolver } from "../ports/dns.ts";
import type { ZonesWrite } from "../ports/zones.ts";

/** What a provider may use to reach its service. */
export interface ZonesOptions {
  /** Credentials come from here or from the provider's own chain, never from an option (house rule 17). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told why the service keeps us waiting (throttling, a change that is still pending). */
  readonly onTrouble: (reason: string) => void;
  /** For those that have to look at the DNS itself. */
  readonly resolver: Resolver;
  /** Whether a person can be asked to do something. */
  readonly interactive: boolean;
}

/** Somebody who keeps the records of the domain. */
export interface DnsProvider {
  readonly id: string;
  /** For people: `Amazon Route 53`. */
  readonly title: string;
  /** One line for docs/options.md: where its credentials come from. */
  readonly credentials: string;
  /** A person writes the records: no more of them than must be, and nobody keeps marks of ownership. */
  readonly byHand?: true;
  /** What an alias record for this host name of a load balancer says; undefined: it takes a CNAME (rule 20). */
  readonly alias?: (host: string) => { readonly zone: string; readonly target: string } | undefined;
  /** Its library is loaded here and not before. */
  readonly open: (options: ZonesOptions) => Promise<ZonesWrite & { readonly close: () => void }>;
}
