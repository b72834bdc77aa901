import { isIP } from "node:net";
import { manual } from "./manual.ts";
import type { DnsProvider } from "./provider.ts";
import { rfc2136 } from "./rfc2136/index.ts";
import { route53 } from "./route53/index.ts";

/** Providers that keep records for us, a person among them. A new one is a file beside this one and a line here. */
export const providers: readonly DnsProvider[] = [route53, rfc2136, manual];

/** Ways to a name: `magic` needs no records, `none` leaves them to you. */
export const ids: readonly string[] = [...providers.map(({ id }) => id), "magic", "none"];

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
