import { isIP } from "node:net";

/** It answers every name below it with the address that is in the name. */
const SERVICE = "sslip.io";

/** A domain of magic DNS; `address`: in the form of a name, or a blank. */
export const magicFor = (address: string): string => `${address}.${SERVICE}`;

export const isMagic = (domain: string): boolean => domain.endsWith(magicFor(""));

/**
 * The base domain that resolves to this address without any set-up: `203.0.113.7.sslip.io`, for IPv6 with dashes.
 * Undefined for a host name: magic DNS needs an address (rule 21).
 */
export const magicDomain = (address: string): string | undefined =>
  isIP(address) === 0 ? undefined : magicFor(address.replaceAll(":", "-"));
