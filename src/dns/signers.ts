/** RFC 4034, appendix B. Algorithm 1 has another way, and is used by nobody any more. */
const tagOf = (flags: number, algorithm: number, key: Buffer): number => {
  const data = Buffer.concat([Buffer.from([flags >> 8, flags & 255, 3, algorithm]), key]);
  let sum = 0;
  for (const [index, byte] of data.entries()) sum += index % 2 === 0 ? byte * 256 : byte;
  return (sum + Math.floor(sum / 65_536)) % 65_536;
};

/** `12345 (algorithm 13)` of a DS as the resolver has it. */
export const namedBy = (ds: string): string => {
  const [tag = "", algorithm = ""] = ds.split(" ");
  return `${tag} (algorithm ${algorithm})`;
};

/** The same of a DNSKEY. */
export const keyNamed = (key: string): string => {
  const [flags = "", , algorithm = "", material = ""] = key.split(" ");
  return namedBy(`${tagOf(Number(flags), Number(algorithm), Buffer.from(material, "base64"))} ${algorithm}`);
};
