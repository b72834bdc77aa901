import { randomInt } from "node:crypto";
import { Lost, openFrames } from "./connection.ts";
import { decodeMessage, encodeMessage, OPCODE, RCODE, type Received, TYPE, type WireRecord } from "./message.ts";
import type { Settings } from "./settings.ts";
import { type Key, sign, type Verdict, verify } from "./tsig.ts";

/** Decodes an answer and judges its signature; {@link Lost} for what is no DNS message. */
export const judge = (
  bytes: Buffer,
  key: Key,
  now: number,
  prior: Buffer,
  later?: { readonly unsigned: readonly Buffer[]; readonly first: boolean },
): { readonly received: Received; readonly verdict: Verdict } => {
  try {
    const received = decodeMessage(bytes);
    return { received, verdict: verify(bytes, received, key, now, prior, later) };
  } catch (cause) {
    throw new Lost("sent what is no DNS message", { cause });
  }
};

export interface TransferRequest {
  readonly settings: Settings;
  readonly zone: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Between two messages. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Most bytes; default 64 MiB, a million names. */
  readonly most?: number;
}

export type Transfer =
  /** The closing SOA left out. */
  | { readonly kind: "records"; readonly records: readonly WireRecord[] }
  | { readonly kind: "refused"; readonly rcode: number }
  /** The zone is larger than `limit` allows, so it was not read to its end. */
  | { readonly kind: "endless" }
  | { readonly kind: "untrusted"; readonly verdict: Exclude<Verdict, { kind: "good" }> };

/** RFC 8945 5.3.1: at most 99 messages in a row may be without a signature. */
const MOST_UNSIGNED = 99;

const MOST = 64 * 2 ** 20;

/** The whole zone by AXFR (RFC 5936), each message checked. Rejects with {@link Lost}, or with the signal's reason. */
export const receiveTransfer = ({
  settings,
  zone,
  now,
  timeoutMs,
  signal,
  most = MOST,
}: TransferRequest): Promise<Transfer> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const { key } = settings;
    const question = { name: zone, type: TYPE.AXFR };
    const request = encodeMessage({
      id: randomInt(65_536),
      opcode: OPCODE.QUERY,
      question,
      answers: [],
      authority: [],
    });
    const signed = sign(request, key, now());
    const records: WireRecord[] = [];
    let prior = signed.mac;
    let unsigned: Buffer[] = [];
    let first = true;
    let size = 0;

    const finish = (end: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      frames.end();
      end();
    };
    const abort = (): void => finish(() => reject(signal.reason));
    const late = (): void => finish(() => reject(new Lost(`did not answer within ${timeoutMs} ms`)));
    /** All records, or undefined while more messages are to come. */
    const take = (bytes: Buffer): Transfer | undefined => {
      const { received, verdict } = judge(bytes, key, now(), prior, { unsigned, first });
      const { rcode, answers } = received;
      if (rcode === RCODE.SERVFAIL) throw new Lost("answers SERVFAIL");
      if (verdict.kind === "good") {
        prior = verdict.mac;
        unsigned = [];
      } else if (verdict.kind !== "unsigned") return { kind: "untrusted", verdict };
      if (rcode !== RCODE.NOERROR) return { kind: "refused", rcode };
      if (verdict.kind === "unsigned" && (first || unsigned.push(bytes) > MOST_UNSIGNED))
        return { kind: "untrusted", verdict };
      first = false;
      size += bytes.length;
      if (size > most) return { kind: "endless" };
      records.push(...answers);
      if (records[0]?.type !== TYPE.SOA) return { kind: "refused", rcode };
      if (records.length < 2 || records.at(-1)?.type !== TYPE.SOA) return undefined;
      return verdict.kind === "good"
        ? { kind: "records", records: records.slice(0, -1) }
        : { kind: "untrusted", verdict };
    };

    let over = false;
    const frames = openFrames(
      settings,
      (bytes) => {
        if (over) return;
        try {
          const transfer = take(bytes);
          if (transfer) finish(() => resolve(transfer));
          else timer.refresh();
        } catch (error) {
          finish(() => reject(error));
        }
      },
      (why, cause) => {
        over = true;
        finish(() => reject(new Lost(why, { cause })));
      },
    );
    const timer = setTimeout(late, timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    frames.write(signed.message);
  });
