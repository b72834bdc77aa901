import { setTimeout as delay } from "node:timers/promises";
import type { DnsProvider, ZonesOptions } from "../provider.ts";
import type { Pace } from "./server.ts";

const PACE: Pace = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
  },
  timeoutMs: 5000,
  pausesMs: [500, 1500],
  settleMs: 30_000,
};

/** {@link rfc2136} with its times as arguments. */
export const openRfc2136 = async (
  { env, signal, onTrouble }: Pick<ZonesOptions, "env" | "signal" | "onTrouble">,
  pace: Partial<Pace> = {},
): ReturnType<DnsProvider["open"]> => {
  const [{ readSettings }, { createServer }, { createZones }] = await Promise.all([
    import("./settings.ts"),
    import("./server.ts"),
    import("./zones.ts"),
  ]);
  const times = { ...PACE, ...pace };
  const server = createServer(await readSettings(env), onTrouble, times);
  return { ...createZones(server, signal, onTrouble, times), close: server.close };
};

/**
 * Any primary name server that takes DNS UPDATE signed by TSIG (RFC 2136, RFC 8945): BIND, Knot, PowerDNS, Windows. A
 * zone's id is its name. `list` needs leave to transfer the zone and is undefined without; it leaves out types that
 * RecordType does not name.
 */
export const rfc2136: DnsProvider = {
  id: "rfc2136",
  title: "a name server with DNS UPDATE (RFC 2136)",
  variables: ["RFC2136_NAMESERVER", "RFC2136_TSIG_KEY", "RFC2136_TSIG_SECRET"],
  credentials:
    "RFC2136_NAMESERVER, RFC2136_TSIG_KEY, RFC2136_TSIG_SECRET, RFC2136_TSIG_ALGORITHM (hmac-sha256), or RFC2136_TSIG_FILE",
  // A name server does not list its zones; its address says at least that it is meant.
  glance: async ({ env }) => (env.RFC2136_NAMESERVER ? [] : undefined),
  open: (options) => openRfc2136(options),
};
