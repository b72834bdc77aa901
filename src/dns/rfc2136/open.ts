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

/** `pace`: other times, for tests. */
export const openRfc2136 = async (
  { env, signal, onTrouble, learn }: Pick<ZonesOptions, "env" | "signal" | "onTrouble" | "learn">,
  pace: Partial<Pace> = {},
): ReturnType<DnsProvider["open"]> => {
  const [{ readSettings }, { createServer }, { createZones }, { noZoneFor }] = await Promise.all([
    import("./settings.ts"),
    import("./server.ts"),
    import("./zones.ts"),
    import("./refusals.ts"),
  ]);
  const times = { ...PACE, ...pace };
  const settings = await readSettings(env);
  learn?.(settings.key.secret);
  const server = createServer(settings, onTrouble, times);
  const notes = settings.plainQuestions
    ? [
        `The name server ${server.title} is asked without signatures (RFC2136_PLAIN_QUESTIONS): anybody on the way could answer.`,
      ]
    : [];
  return {
    ...createZones(server, signal, onTrouble, times),
    notes,
    noZone: (domain) => noZoneFor(server.subject(domain)),
    close: server.close,
  };
};
