import { setTimeout as sleep } from "node:timers/promises";
import { PAUSE_MS, within } from "../core/patience.ts";
import { type Answer, NoAnswer, type RecordType, type Resolver } from "../ports/dns.ts";

export interface PatientOptions {
  /** How long trouble may last, all questions together, in milliseconds. */
  readonly patienceMs: number;
  /** Told each new reason. */
  readonly onTrouble: (reason: string) => void;
}

/**
 * A resolver whose recursive questions are asked again while it does not answer, or answers SERVFAIL: a cache that is just starting and a server that was
 * restarted say so for seconds. A domain that is broken says so always; so the time is one for all questions, and begins anew only when an answer
 * that was waited for has come. Then its last word counts, as without patience.
 */
export const patientResolver = (resolver: Resolver, { patienceMs, onTrouble }: PatientOptions): Resolver => {
  let rest: (() => number) | undefined;
  let said = "";
  const goesOn = async (reason: string, pause: number, signal: AbortSignal | undefined): Promise<boolean> => {
    rest ??= within(patienceMs);
    if (rest() === 0) return false;
    if (reason !== said) onTrouble(reason);
    said = reason;
    await sleep(Math.min(pause, rest()), undefined, signal ? { signal } : {}).catch(() => {});
    signal?.throwIfAborted();
    return true;
  };
  const ask = async (name: string, type: RecordType, signal?: AbortSignal): Promise<Answer> => {
    for (let pause = PAUSE_MS.first, tries = 1; ; pause = Math.min(2 * pause, PAUSE_MS.most), tries += 1) {
      const answer = await resolver.ask(name, type, signal).catch((error: unknown) => {
        if (error instanceof NoAnswer) return error;
        throw error;
      });
      const reason = troubleIn(answer, name, type);
      if (reason !== undefined && (await goesOn(reason, pause, signal))) continue;
      if (answer instanceof NoAnswer) throw answer;
      if (reason === undefined && tries > 1) {
        rest = undefined;
        said = "";
      }
      return answer;
    }
  };
  return { ...resolver, ask };
};

const troubleIn = (answer: Answer | NoAnswer, name: string, type: RecordType): string | undefined => {
  if (answer instanceof NoAnswer) return answer.message;
  return answer.rcode === "SERVFAIL"
    ? `the resolver ${answer.server} answers SERVFAIL for ${name === "" ? "." : name} ${type}`
    : undefined;
};
