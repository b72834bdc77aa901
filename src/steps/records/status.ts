import { foundNaming } from "../domain/found.ts";
import { addressIn } from "../ingress/status.ts";
import { section } from "../part.ts";

/** The record that makes a wildcard point at an address, by what the address is. */
export const recordFor = (wildcard: string, host: string): { name: string; type: string; value: string } => {
  const type = /^[\d.]+$/.test(host) ? "A" : host.includes(":") ? "AAAA" : "CNAME";
  return { name: wildcard, type, value: host };
};

export const status = section({
  read: async (seen) => {
    const [address, naming] = await Promise.all([addressIn(seen), foundNaming(seen)]);
    /** What makes the URLs resolve; none with magic DNS. */
    return { records: naming && address && !naming.isMagic ? [recordFor(naming.everything, address.host)] : [] };
  },
  rows: ({ records = [] }) => records.map(({ name, type, value }) => ["Record", `${name} ${type} ${value}`]),
});
