import { createResolver } from "../../src/adapters/resolver/index.ts";
import type { Resolver } from "../../src/ports/dns.ts";
import type { Zone } from "../../src/ports/zones.ts";
import { type Dns, type DnsOptions, startDns, type Zone as WorldZone } from "../../src/sandbox/dns/index.ts";

export interface World {
  readonly dns: Dns;
  /** Its time-outs for name servers are short: what is silent here is silent on purpose. */
  readonly resolver: Resolver;
  readonly close: () => Promise<void>;
}

export const startWorld = async (options?: DnsOptions): Promise<World> => {
  const dns = await startDns(options);
  const { server, ask, askUnchecked } = createResolver({ server: dns.resolver });
  const { askServer } = createResolver({ connectTo: dns.connectTo, timeoutMs: 100 });
  return { dns, resolver: { server, ask, askUnchecked, askServer }, close: dns.close };
};

/** A zone of the world as a provider shows it. */
export const asZone = ({ id, name, isPrivate, nameServers }: WorldZone): Zone => ({ id, name, isPrivate, nameServers });
