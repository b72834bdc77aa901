import type { Config } from "../config/config.ts";
import type { ReadContext } from "../core/check.ts";
import type { Emit } from "../core/event.ts";
import type { Authority } from "../ports/authority.ts";
import type { Resolver } from "../ports/dns.ts";
import type { SealedCluster, SealedZones } from "../ports/sealed.ts";
import type { Learn } from "../ports/secrets.ts";

/** What a run, or a command that only looks, works with. */
export interface Tools extends Omit<ReadContext, "cluster"> {
  readonly config: Config;
  readonly cluster: SealedCluster;
  readonly emit: Emit;
  readonly resolver: Resolver;
  readonly createAuthority: (options: { readonly directory: string; readonly ca?: string }) => Promise<Authority>;
  /** Where providers find their credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly learn: Learn;
  /** Throws UserError (exit code 2) where a configuration needs of the world outside what this cluster's has not. Absent: it has everything. */
  readonly assertReachable?: (config: Config) => void;
  /** Absent: nothing that is planned writes records. */
  readonly zones?: SealedZones;
  /** Whether somebody sits at the terminal. */
  readonly interactive: boolean;
  /** Who this installer is, for others that find the lock taken; and what is known of them. */
  readonly holder: { readonly name: string; readonly isDead: (name: string) => boolean };
}
