import type { ZonesWrite } from "../ports/zones.ts";

/** What a provider may use to reach its service. */
export interface ZonesOptions {
  /** Credentials come from here or from the provider's own chain, never from an option (house rule 17). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told why the service keeps us waiting (throttling, a change that is still pending). */
  readonly onTrouble: (reason: string) => void;
}

/** Somebody who keeps the records of the domain. */
export interface DnsProvider {
  readonly id: string;
  /** For people: `Amazon Route 53`. */
  readonly title: string;
  /** One line for docs/options.md: where its credentials come from. */
  readonly credentials: string;
  /** Its library is loaded here and not before. */
  readonly open: (options: ZonesOptions) => Promise<ZonesWrite & { readonly close: () => void }>;
}
