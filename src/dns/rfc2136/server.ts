import { ZonesUnreachable } from "../../ports/zones.ts";
import { createConnection, Lost } from "./connection.ts";
import {
  anything,
  encodeMessage,
  type Message,
  OPCODE,
  RCODE,
  type Received,
  TYPE,
  type WireRecord,
} from "./message.ts";
import { mayNotAsk, type Subject, untrusted } from "./refusals.ts";
import type { Settings } from "./settings.ts";
import { judge, receiveTransfer } from "./transfer.ts";
import { sign, type Verdict } from "./tsig.ts";

/** The clock, the pauses and the time limits, as arguments. */
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
   * Both resolve with an answer that the server signed, or with a refusal that it may leave unsigned; `ask` with any where questions are
   * plain by the settings. Errors:
   * UserError about the key or the clock, ZonesUnreachable after the last try. `zone`: the one that the name is in, or
   * may be.
   */
  readonly ask: (zone: string, name: string, type: number, signal: AbortSignal) => Promise<Received>;
  /** `uncertain`: an earlier try may have been carried out although its answer was lost. */
  readonly update: (
    update: Update,
    signal: AbortSignal,
  ) => Promise<{ readonly rcode: number; readonly uncertain: boolean }>;
  /** Every record of a zone; undefined when the server refuses to tell. Over a connection of its own. */
  readonly transfer: (zone: string, signal: AbortSignal) => Promise<readonly WireRecord[] | undefined>;
  readonly close: () => void;
}

/** Response codes that a server gives before or without checking the signature (RFC 8945 5.2). */
const MAY_BE_UNSIGNED: readonly number[] = [
  RCODE.FORMERR,
  RCODE.SERVFAIL,
  RCODE.NOTIMP,
  RCODE.REFUSED,
  RCODE.NOTAUTH,
  RCODE.NOTZONE,
];

type Judged = ReturnType<typeof judge>;

const isBadKey = (verdict: Verdict): boolean =>
  verdict.kind === "refused" && (verdict.error === RCODE.BADKEY || verdict.error === RCODE.NOTAUTH);

const query = (name: string, type: number): Omit<Message, "id"> => ({
  opcode: OPCODE.QUERY,
  question: { name, type },
  answers: [],
  authority: [],
});

const updating = ({ zone, prerequisites, updates }: Update): Omit<Message, "id"> => ({
  opcode: OPCODE.UPDATE,
  question: { name: zone, type: TYPE.SOA },
  answers: prerequisites,
  authority: updates,
});

export const createServer = (settings: Settings, onTrouble: (reason: string) => void, pace: Pace): Server => {
  const { host, port, key } = settings;
  const title = `${host.includes(":") ? `[${host}]` : host}${port === 53 ? "" : `:${port}`}`;
  const subject = (name: string): Subject => ({ settings, server: title, name });
  const connection = createConnection(settings, pace.timeoutMs);

  const exchange = async (message: Omit<Message, "id">, signal: AbortSignal): Promise<Judged> => {
    let mac: Buffer = Buffer.alloc(0);
    const answer = await connection.request((id) => {
      const signed = sign(encodeMessage({ ...message, id }), key, pace.now());
      mac = signed.mac;
      return signed.message;
    }, signal);
    return judged(answer, mac);
  };
  const exchangePlainly = async (message: Omit<Message, "id">, signal: AbortSignal): Promise<Received> =>
    judged(await connection.request((id) => encodeMessage({ ...message, id }), signal), Buffer.alloc(0)).received;
  const judged = (answer: Buffer, mac: Buffer): Judged => {
    const result = judge(answer, key, pace.now(), mac);
    const { rcode, opcode } = result.received;
    if (rcode === RCODE.SERVFAIL) throw new Lost("answers SERVFAIL");
    // PowerDNS reports a wrong signature by this code alone. No server answers a question without a signature like this.
    if (result.verdict.kind === "unsigned" && rcode === RCODE.NOTAUTH && opcode === OPCODE.QUERY)
      return { ...result, verdict: { kind: "refused", error: rcode } };
    return result;
  };
  const trusted = ({ received, verdict }: Judged, about: string): Received => {
    if (verdict.kind === "good" || (verdict.kind === "unsigned" && MAY_BE_UNSIGNED.includes(received.rcode)))
      return received;
    throw untrusted(subject(about), verdict);
  };

  /** Servers answer BADKEY also when a key is known but not allowed to do this. Then the key may still be allowed to do the other. */
  const mayAsk = async (zone: string, signal: AbortSignal): Promise<boolean> =>
    (await exchange(query(zone, TYPE.SOA), signal)).verdict.kind === "good";
  const mayUpdate = async (zone: string, signal: AbortSignal): Promise<boolean> => {
    const nothing = { zone, prerequisites: [anything(zone, TYPE.SOA)], updates: [] };
    return (await exchange(updating(nothing), signal)).verdict.kind === "good";
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
    ask: (zone, name, type, signal) =>
      retrying(async () => {
        if (settings.plainQuestions) return exchangePlainly(query(name, type), signal);
        const answer = await exchange(query(name, type), signal);
        // A refusal without a signature can be forged, so it does not make us trust unsigned answers.
        if (isBadKey(answer.verdict) && (await mayUpdate(zone, signal))) throw mayNotAsk(subject(zone));
        return trusted(answer, zone);
      }, signal),
    update: (update, signal) => {
      let uncertain = false;
      return retrying(async () => {
        const before = uncertain;
        uncertain = true;
        const answer = await exchange(updating(update), signal);
        if (isBadKey(answer.verdict) && (await mayAsk(update.zone, signal)))
          return { rcode: RCODE.NOTAUTH, uncertain: before };
        return { rcode: trusted(answer, update.zone).rcode, uncertain: before };
      }, signal);
    },
    transfer: (zone, signal) =>
      retrying(async () => {
        const result = await receiveTransfer({ settings, zone, now: pace.now, timeoutMs: pace.timeoutMs, signal });
        if (result.kind === "records") return result.records;
        if (result.kind === "refused" || result.kind === "endless") return undefined;
        const isKnown = async (): Promise<boolean> => (await mayAsk(zone, signal)) || (await mayUpdate(zone, signal));
        if (isBadKey(result.verdict) && (await isKnown())) return undefined;
        throw untrusted(subject(zone), result.verdict);
      }, signal),
    close: connection.close,
  };
};
