import type { DnsProvider } from "../provider.ts";

/**
 * Any primary name server that takes DNS UPDATE signed by TSIG (RFC 2136, RFC 8945): BIND, Knot, PowerDNS, Windows. A
 * zone's id is its name. `list` needs leave to transfer the zone and is undefined without; it leaves out types that
 * RecordType does not name.
 */
export const rfc2136: DnsProvider<"rfc2136"> = {
  id: "rfc2136",
  title: "a name server with DNS UPDATE (RFC 2136)",
  variables: ["RFC2136_NAMESERVER", "RFC2136_TSIG_KEY", "RFC2136_TSIG_SECRET"],
  accountVariable: "RFC2136_NAMESERVER",
  credentials:
    "RFC2136_NAMESERVER, RFC2136_TSIG_KEY, RFC2136_TSIG_SECRET, RFC2136_TSIG_ALGORITHM (hmac-sha256), or RFC2136_TSIG_FILE",
  // A name server does not list its zones; its address says at least that it is meant.
  zoneNames: async ({ env }) => (env.RFC2136_NAMESERVER ? async () => [] : undefined),
  solver: async (env) => (await import("./solver.ts")).solver(env),
  open: async (options) => (await import("./open.ts")).openRfc2136(options),
};
