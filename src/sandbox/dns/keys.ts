/** Which key of a zone its parent names (RFC 4034). */

import type { Rr } from "./lookup.ts";

/** RFC 4034, appendix B; of algorithm 1, which nobody uses any more, it is another. */
const keyTag = (flags: number, algorithm: number, key: Buffer): number => {
  const data = Buffer.concat([Buffer.from([flags >> 8, flags & 0xff, 3, algorithm]), key]);
  const sum = data.reduce((total, byte, index) => total + (index % 2 === 0 ? byte << 8 : byte), 0);
  return (sum + (sum >> 16)) & 0xffff;
};

/** Of a DNSKEY as zone files write it: its tag and its algorithm, as a DS begins. */
export const signerOf = (key: string): string => {
  const [flags = "", , algorithm = "", material = ""] = key.split(" ");
  return `${keyTag(Number(flags), Number(algorithm), Buffer.from(material, "base64"))} ${algorithm}`;
};

/** Whether one of the keys is one that a DS names. */
export const hasSigner = (signers: readonly Rr[], keys: readonly Rr[]): boolean => {
  const known = new Set(keys.filter(({ type }) => type === "DNSKEY").map(({ value }) => signerOf(value)));
  return signers.some(({ value }) => known.has(value.split(" ").slice(0, 2).join(" ")));
};
