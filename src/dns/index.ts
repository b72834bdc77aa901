import { isIP } from "node:net";
import type { DnsProvider } from "./provider.ts";

/** Providers that keep records for us. A new one is a file beside this one and a line here. */
export const providers: readonly DnsProvider[] = [];

/** Ways to a name: `magic` needs no records, `manual` prints them, `none` leaves them to you. */
export const ids: readonly string[] = [...providers.map(({ id }) => id), "magic", "manual", "none"];

/** Undefined: nobody writes records for this choice. */
export const dnsProvider = (id: string): DnsProvider | undefined => providers.find((provider) => provider.id === id);

/**
 * The base domain that sslip.io resolves to this address without any set-up: `203.0.113.7.sslip.io`, for IPv6 with dashes.
 * Undefined for a host name: magic DNS needs an address (rule 21).
 */
export const magicDomain = (address: string): string | undefined => {
  switch (isIP(address)) {
    case 4:
      return `${address}.sslip.io`;
    case 6:
      return `${address.replaceAll(":", "-")}.sslip.io`;
    default:
      return undefined;
  }
};
