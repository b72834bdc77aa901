/**
 * What a certificate is issued by, in a process of its own: a DNS whose name servers take updates, and real Pebbles that ask it. Tells its
 * parent where they are, and lives as long as it.
 */
import { randomBytes } from "node:crypto";
import process from "node:process";
import { startDns } from "../../../src/sandbox/dns/index.ts";
import { startPebble } from "../../../test/real/pebble.ts";

/** Sent to the parent. */
export interface BenchInternet {
  readonly zone: string;
  /** `127.0.0.1:PORT` of the name server that takes updates. */
  readonly nameServer: string;
  readonly key: { readonly name: string; readonly algorithm: string; readonly secret: string };
  /** `127.0.0.1:PORT`: answers recursive questions. */
  readonly resolver: string;
  /** From the addresses of name servers to where they are on this machine. */
  readonly connectTo: readonly (readonly [string, string])[];
  /** As many as there were arguments. */
  readonly authorities: readonly BenchAuthority[];
}

export interface BenchAuthority {
  /** Per cent. */
  readonly rejectedNonces: number;
  /** URL. */
  readonly directory: string;
  /** PEM: trusts the API. */
  readonly tlsCa: string;
  /** PEM of what issues. */
  readonly root: string;
}

const opened: { readonly close: () => Promise<void> }[] = [];
process.on("disconnect", async () => {
  await Promise.allSettled(opened.map(({ close }) => close()));
  process.exit(0);
});
const key = { name: "bench", algorithm: "hmac-sha256", secret: randomBytes(32).toString("base64") };
const dns = await startDns();
opened.push(dns);
const { name, nameServers } = await dns.addZone({ name: "example.com", keys: [key] });
const authorities = await Promise.all(
  process.argv
    .slice(2)
    .map(Number)
    .map(async (rejectedNonces): Promise<BenchAuthority> => {
      const pebble = await startPebble({ dns: dns.resolver, rejectedNonces });
      opened.push(pebble);
      const { directory, tlsCa, root } = pebble;
      return { rejectedNonces, directory, tlsCa, root };
    }),
);
const internet: BenchInternet = {
  zone: name,
  nameServer: dns.endpoint(nameServers[0] ?? ""),
  key,
  resolver: dns.resolver,
  connectTo: [...dns.connectTo],
  authorities,
};
process.send?.(internet);
