import { BlockList, isIP } from "node:net";

const listOf = (
  ipv4: readonly (readonly [string, number])[],
  ipv6: readonly (readonly [string, number])[],
): BlockList => {
  const list = new BlockList();
  for (const [net, bits] of ipv4) list.addSubnet(net, bits, "ipv4");
  for (const [net, bits] of ipv6) list.addSubnet(net, bits, "ipv6");
  return list;
};

const contains = (list: BlockList, address: string): boolean => {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
};

const PRIVATE = listOf(
  [
    ["10.0.0.0", 8],
    ["172.16.0.0", 12],
    ["192.168.0.0", 16],
    ["100.64.0.0", 10],
    ["169.254.0.0", 16],
  ],
  [
    ["fc00::", 7],
    ["fe80::", 10],
  ],
);
const LOOPBACK = listOf([["127.0.0.0", 8]], [["::1", 128]]);

/** Somebody else's, or nobody's, in another network (RFC 1918, 6598, 3927, 4193, 4291). False for what is no address. */
export const isPrivate = (address: string): boolean => contains(PRIVATE, address);

/** The Internet does not lead there: {@link isPrivate}, or this machine (RFC 1122 3.2.1.3). */
export const isInside = (address: string): boolean => isPrivate(address) || contains(LOOPBACK, address);
