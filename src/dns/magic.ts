import { isIP } from "node:net";

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
