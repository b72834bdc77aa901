import { setTimeout as sleep } from "node:timers/promises";
import { PAUSE_MS, within } from "../core/patience.ts";
import { type Answer, type Attempt, NoAnswer, type RecordType, type Resolver } from "../ports/dns.ts";

export interface PatientOptions {
  /** How long trouble may last, all questions together, in milliseconds. */
  readonly patienceMs: number;
  /** Told each new reason. */
  readonly onTrouble: (reason: string) => void;
}

/**
 * A resolver that is asked again while it does not answer, or answers SERVFAIL: a cache that is just starting and a server that was restarted say so
 * for seconds. Whoever asks a zone's own servers does so by `patiently`. A domain that is broken says so always; so the time is one for all questions,
 * and begins anew only when an answer that was waited for has come. Then its last word counts, as without patience.
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
  const patiently = async <T>(attempt: () => Promise<Attempt<T>>, signal?: AbortSignal): Promise<T> => {
    for (let pause = PAUSE_MS.first, tries = 1; ; pause = Math.min(2 * pause, PAUSE_MS.most), tries += 1) {
      const { result, trouble } = await attempt();
      if (trouble !== undefined && (await goesOn(trouble, pause, signal))) continue;
      if (trouble === undefined && tries > 1) {
        rest = undefined;
        said = "";
      }
      return result;
    }
  };
  const ask = async (name: string, type: RecordType, signal?: AbortSignal): Promise<Answer> => {
    const answer = await patiently(async () => {
      const result = await resolver.ask(name, type, signal).catch((error: unknown) => {
        if (error instanceof NoAnswer) return error;
        throw error;
      });
      return { result, trouble: troubleIn(result, name, type) };
    }, signal);
    if (answer instanceof NoAnswer) throw answer;
    return answer;
  };
  return { ...resolver, ask, patiently };
};

const troubleIn = (answer: Answer | NoAnswer, name: string, type: RecordType): string | undefined => {
  if (answer instanceof NoAnswer) return answer.message;
  return answer.rcode === "SERVFAIL"
    ? `the resolver ${answer.server} answers SERVFAIL for ${name === "" ? "." : name} ${type}`
    : undefined;
};
