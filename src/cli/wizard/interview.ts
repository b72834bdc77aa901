import type { Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { createMemory, type Memory } from "./memory.ts";
import { shownDomain, shownPorts } from "./naming.ts";
import { type Asker, type Known, type Question, WentBack } from "./question.ts";
import { questions } from "./questions.ts";
import { exposureOf } from "./reaching.ts";
import { exampleUrl, fitted, without } from "./settle.ts";
import type { Sight } from "./sight.ts";

/** An answer, for people. */
export interface Said {
  readonly id: string;
  readonly title: string;
  readonly answer: string;
}

export interface Answers {
  /** What a person would have written. */
  readonly written: Written;
  /** One for each question that came up, in their order. */
  readonly said: readonly Said[];
  /** `https://hello-default.apps.example.com`: what a first Service will be called. */
  readonly url: string;
}

/** Questions with a way back, and once more. Both reject with Interrupted. */
export interface Interview {
  /** Asks whatever comes up. */
  readonly all: (asker: Asker) => Promise<Answers>;
  /**
   * Asks one once more, and of the others those that come up now or whose answer cannot be had any more. Resolves to the answers as they
   * were when somebody goes back from there.
   */
  readonly again: (id: string, asker: Asker) => Promise<Answers>;
}

/** `run`: what the command line says about how to run. */
export const createInterview = (sight: Sight, run: Written): Interview => {
  const before = { ...sight.installed, ...run };
  const start = fitted(before, { ...without(before, "expose", "address"), ...exposureOf({ sight, before }) });
  let memory = createMemory();
  const urlOf = (written: Written): string =>
    exampleUrl(written, shownDomain(written, sight), shownPorts(written, sight));
  let last: Answers = { written: start, said: [], url: urlOf(start) };

  const after = (question: Question, written: Written, answer: Written): Written =>
    fitted(before, { ...without(written, ...question.owns), ...answer });

  /** How many questions come up from there on, when what is proposed is taken. */
  const ahead = async (from: number, begun: Written): Promise<number> => {
    let written = begun;
    let count = 0;
    for (const question of questions.slice(from)) {
      const known: Known = { sight, before, written };
      const isAsked = question.isAsked(known);
      if (isAsked) count += 1;
      written = after(
        question,
        written,
        isAsked ? await question.ask(known, memory.proposing(question.id)) : kept(question, written),
      );
    }
    return count;
  };

  /** `isDue`: of those that were answered before; the others are always asked. */
  const walk = async (asker: Asker, notes: Memory, due: Set<string>, isWhole: boolean): Promise<Answers> => {
    const asked: { readonly index: number; readonly written: Written }[] = [];
    const said = new Map<string, string>();
    let written = start;
    let index = 0;
    while (index < questions.length) {
      const question = questions[index] as Question;
      const known: Known = { sight, before, written };
      if (!question.isAsked(known)) {
        said.delete(question.id);
        written = after(question, written, kept(question, written));
        index += 1;
        continue;
      }
      const here = { index, written };
      const number = asked.length + 1;
      const told = notes.telling(question.id, asker, {
        isDue: due.has(question.id),
        onAsk: () => asked.push(here),
        canGoBack: number > 1 || !isWhole,
        ...(isWhole
          ? { place: async () => ({ number, of: number - 1 + (await ahead(here.index, here.written)) }) }
          : {}),
      });
      try {
        written = after(question, written, await question.ask(known, told));
        said.set(question.id, notes.told(question.id));
        index += 1;
      } catch (error) {
        if (!(error instanceof WentBack)) throw error;
        asked.pop();
        const back = asked.pop();
        if (!back) throw error;
        ({ index, written } = back);
        due.add(questions[index]?.id ?? "");
      }
    }
    return {
      written,
      url: urlOf(written),
      said: questions.flatMap(({ id, title }) => {
        const answer = said.get(id);
        return answer === undefined ? [] : [{ id, title, answer }];
      }),
    };
  };

  return {
    all: async (asker) => {
      last = await walk(asker, memory, new Set(questions.map(({ id }) => id)), true);
      return last;
    },
    again: async (id, asker) => {
      const notes = memory.copy();
      try {
        last = await walk(asker, notes, new Set([id]), false);
        memory = notes;
      } catch (error) {
        if (!(error instanceof WentBack)) throw error;
      }
      return last;
    },
  };
};

/** A question that does not come up changes nothing. */
const kept = ({ owns }: Question, written: Written): Written =>
  Object.fromEntries(Object.entries(written).filter(([key]) => owns.includes(key as keyof Config)));
