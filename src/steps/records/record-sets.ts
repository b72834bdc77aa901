import { isIP } from "node:net";
import { blank } from "../../core/blank.ts";
import type { DnsProvider } from "../../dns/provider.ts";
import type { Address } from "../../ingress/address.ts";
import type { RecordType } from "../../ports/dns.ts";
import { type RecordSet, type RecordSetChange, sameContent } from "../../ports/zones.ts";

/** Seconds: a load balancer that changes its address is followed within five minutes. */
export const TTL = 300;

/** What leads a name to the gateway; blanks while its address is not known. A host name takes a CNAME, or what the provider has for it (rule 20). */
export const addressSets = async (
  name: string,
  address: Address | undefined,
  provider: DnsProvider,
): Promise<readonly RecordSet[]> => {
  if (!address) {
    const type = blank("whether the gateway has an IP address or a host name") as RecordType;
    return [{ name, type, ttl: TTL, values: [blank("the gateway's address")] }];
  }
  const v4 = address.hosts.filter((host) => isIP(host) === 4);
  const v6 = address.hosts.filter((host) => isIP(host) === 6);
  if (v4.length + v6.length > 0)
    return [
      ...(v4.length > 0 ? [{ name, type: "A" as const, ttl: TTL, values: v4 }] : []),
      ...(v6.length > 0 ? [{ name, type: "AAAA" as const, ttl: TTL, values: v6 }] : []),
    ];
  return [
    (await provider.follow?.(name, address.host)) ?? {
      name,
      type: "CNAME",
      ttl: TTL,
      values: [address.host.toLowerCase().replace(/\.$/, "")],
    },
  ];
};

/**
 * What has to change at one name so that exactly these address sets are there. A set of another type goes in the same batch: a CNAME
 * stands alone (RFC 1034 §3.6.2).
 */
export const difference = (wanted: readonly RecordSet[], live: readonly RecordSet[]): readonly RecordSetChange[] => {
  if (wanted.length === live.length && wanted.every((set) => live.some((other) => sameContent(set, other)))) return [];
  const rest = new Set(live);
  const changes = wanted.flatMap((to): readonly RecordSetChange[] => {
    const from = [...rest].find(({ type }) => type === to.type) ?? [...rest][0];
    if (from) rest.delete(from);
    if (from && sameContent(from, to)) return [];
    return [from ? { from, to } : { to }];
  });
  return [...changes, ...[...rest].map((from) => ({ from }))];
};
