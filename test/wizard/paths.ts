import { createInterview } from "../../src/cli/wizard/interview.ts";
import type { Asker } from "../../src/cli/wizard/question.ts";
import type { Sight } from "../../src/cli/wizard/sight.ts";
import type { Written } from "../../src/config/complete.ts";

/** One question on a way through them, and its answer. */
export type Stop =
  | { readonly kind: "text"; readonly message: string; readonly text: string; readonly initial: string }
  | {
      readonly kind: "choice";
      readonly message: string;
      readonly index: number;
      readonly tabs: number;
      /** What remains on the screen. */
      readonly title: string;
    };

export interface Path {
  readonly stops: readonly Stop[];
  readonly written: Written;
}

/** An answer to a question: which of its choices and in which form, or which of the texts for it. */
interface Turn {
  readonly question: string;
  readonly answer: string;
}

const keyOf = ({ question, answer }: Turn): string => `${question} ${answer}`;

/** Takes `planned`, and from there on what has not been taken yet. */
const walk = async (
  sight: Sight,
  texts: Readonly<Record<string, readonly string[]>>,
  planned: readonly Turn[],
  taken: ReadonlySet<string>,
): Promise<Path & { readonly turns: readonly Turn[]; readonly open: readonly (readonly Turn[])[] }> => {
  const stops: Stop[] = [];
  const turns: Turn[] = [];
  const open: (readonly Turn[])[] = [];
  /** One of the ways, the usual one first of them. */
  const next = (question: string, ways: readonly string[]): string => {
    const free = ways.map((answer) => ({ question, answer })).filter((turn) => !taken.has(keyOf(turn)));
    const { answer } = planned[turns.length] ?? free[0] ?? { answer: ways[0] ?? "" };
    open.push(...free.filter((turn) => turn.answer !== answer).map((turn) => [...turns, turn]));
    turns.push({ question, answer });
    return answer;
  };
  const asker: Asker = {
    text: async ({ message, initial, problem }) => {
      const text = next(
        message,
        [initial, ...(texts[message] ?? [])].filter((one) => problem(one) === undefined),
      );
      stops.push({ kind: "text", message, text, initial });
      return text;
    },
    choice: async ({ message, choices, initial, forms, form: usual = 0 }) => {
      const ids = [initial, ...choices.map(({ id }) => id)];
      const shapes = Array.from({ length: forms }, (_, tabs) => tabs);
      const answer = next(message, [...new Set(ids.flatMap((id) => shapes.map((tabs) => `${id}+${tabs}`)))]);
      const [id = "", tabs = "0"] = answer.split("+");
      const index = choices.findIndex((choice) => choice.id === id);
      stops.push({ kind: "choice", message, index, tabs: Number(tabs), title: choices[index]?.title ?? "" });
      return { id, form: (usual + Number(tabs)) % forms };
    },
  };
  const { written } = await createInterview(sight, {}).all(asker);
  return { stops, written, turns, open };
};

/**
 * Ways through the questions such that every answer of every question that can come up is given on one of them; the first is that of
 * whoever takes what is proposed. `texts`: other answers than the proposed one, by the question's message.
 */
export const pathsThrough = async (
  sight: Sight,
  texts: Readonly<Record<string, readonly string[]>>,
): Promise<readonly Path[]> => {
  const taken = new Set<string>();
  const paths: Path[] = [];
  let waiting: readonly (readonly Turn[])[] = [[]];
  for (;;) {
    const [planned] = waiting;
    if (planned === undefined) return paths;
    const { stops, written, turns, open } = await walk(sight, texts, planned, taken);
    for (const turn of turns) taken.add(keyOf(turn));
    paths.push({ stops, written });
    waiting = [...waiting.slice(1), ...open].filter((turns) => {
      const last = turns.at(-1);
      return last !== undefined && !taken.has(keyOf(last));
    });
  }
};
