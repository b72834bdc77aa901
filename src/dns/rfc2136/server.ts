import { ZonesUnreachable } from "../../ports/zones.ts";
import { createConnection, Lost } from "./connection.ts";
import { encodeMessage, type Message, OPCODE, RCODE, type Received, TYPE, type WireRecord } from "./message.ts";
import { type Subject, untrusted } from "./refusals.ts";
import type { Settings } from "./settings.ts";
import { judge, receiveTransfer } from "./transfer.ts";
import { sign } from "./tsig.ts";

/** Time and patience, as arguments. */
export interface Pace {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long one answer may take. */
  readonly timeoutMs: number;
  /** Pauses between tries; one more try than pauses. */
  readonly pausesMs: readonly number[];
  /** How long the server may take from accepting an update to answering it. */
  readonly settleMs: number;
}

export interface Update {
  readonly zone: string;
  readonly prerequisites: readonly WireRecord[];
  readonly updates: readonly WireRecord[];
}

export interface Server {
  /** `192.0.2.53:5353`, for messages. */
  readonly title: string;
  readonly subject: (name: string) => Subject;
  /**
   * Both resolve with an answer that the server signed, or with one of an rcode that it may leave unsigned. Errors: UserError about the
   * key or the clock, ZonesUnreachable after the last try.
   */
  readonly ask: (name: string, type: number, signal: AbortSignal) => Promise<Received>;
  /** `uncertain`: an earlier try may have been carried out although its answer was lost. */
  readonly update: (
    update: Update,
    signal: AbortSignal,
  ) => Promise<{ readonly rcode: number; readonly uncertain: boolean }>;
  /** Every record of a zone; undefined when the server refuses to tell. Over a connection of its own. */
  readonly transfer: (zone: string, signal: AbortSignal) => Promise<readonly WireRecord[] | undefined>;
  readonly close: () => void;
}

/** What a server answers before or without looking at the signature (RFC 8945 5.2). */
const MAY_BE_UNSIGNED: readonly number[] = [
  RCODE.FORMERR,
  RCODE.SERVFAIL,
  RCODE.NOTIMP,
  RCODE.REFUSED,
  RCODE.NOTAUTH,
  RCODE.NOTZONE,
];

export const createServer = (settings: Settings, onTrouble: (reason: string) => void, pace: Pace): Server => {
  const { host, port, key } = settings;
  const title = `${host.includes(":") ? `[${host}]` : host}${port === 53 ? "" : `:${port}`}`;
  const subject = (name: string): Subject => ({ settings, server: title, name });
  const connection = createConnection(settings, pace.timeoutMs);

  const once = async (message: Omit<Message, "id">, about: string, signal: AbortSignal): Promise<Received> => {
    let mac: Buffer = Buffer.alloc(0);
    const answer = await connection.request((id) => {
      const signed = sign(encodeMessage({ ...message, id }), key, pace.now());
      mac = signed.mac;
      return signed.message;
    }, signal);
    const { received, verdict } = judge(answer, key, pace.now(), mac);
    if (verdict.kind !== "good" && !(verdict.kind === "unsigned" && MAY_BE_UNSIGNED.includes(received.rcode)))
      throw untrusted(subject(about), verdict);
    if (received.rcode === RCODE.SERVFAIL) throw new Lost("answers SERVFAIL");
    return received;
  };

  const retrying = async <T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    let mayBeIdle = true;
    for (let tries = 0; ; ) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        if (error.idle && mayBeIdle) {
          mayBeIdle = false;
          continue;
        }
        const trouble = `name server ${title} ${error.message}`;
        const pause = pace.pausesMs[tries++];
        if (pause === undefined) throw new ZonesUnreachable(`The ${trouble}.`, error);
        onTrouble(`the ${trouble}`);
        await pace.sleep(pause, signal);
      }
    }
  };

  return {
    title,
    subject,
    ask: (name, type, signal) => {
      const query = { opcode: OPCODE.QUERY, question: { name, type }, answers: [], authority: [] };
      return retrying(() => once(query, name, signal), signal);
    },
    update: ({ zone, prerequisites, updates }, signal) => {
      const question = { name: zone, type: TYPE.SOA };
      const message = { opcode: OPCODE.UPDATE, question, answers: prerequisites, authority: updates };
      let uncertain = false;
      return retrying(async () => {
        const before = uncertain;
        uncertain = true;
        const { rcode } = await once(message, zone, signal);
        return { rcode, uncertain: before };
      }, signal);
    },
    transfer: (zone, signal) =>
      retrying(async () => {
        const result = await receiveTransfer({ settings, zone, now: pace.now, timeoutMs: pace.timeoutMs, signal });
        if (result.kind === "untrusted") throw untrusted(subject(zone), result.verdict);
        return result.kind === "records" ? result.records : undefined;
      }, signal),
    close: connection.close,
  };
};
