import type { Asker, ChoiceAsking, Place, TextAsking } from "./question.ts";

type Given = string | { readonly id: string; readonly form: number };

interface Note {
  readonly given: Given;
  /** For people. */
  readonly told: string;
  /** Somebody has answered otherwise than was proposed: that is proposed from then on, as long as it can be had. */
  readonly isOwn: boolean;
}

export interface Telling {
  /** Asked even if it was answered before. */
  readonly isDue: boolean;
  /** Called before somebody is asked. */
  readonly onAsk: () => void;
  readonly canGoBack: boolean;
  readonly place?: () => Promise<Place>;
}

/** What was answered so far. */
export interface Memory {
  /** Asks in place of a question, with what was answered before as the proposal, and notes the answer. */
  readonly telling: (question: string, asker: Asker, how: Telling) => Asker;
  /** Takes what would be proposed, without asking anybody. */
  readonly proposing: (question: string) => Asker;
  /** The answer for people; empty: there is none. */
  readonly told: (question: string) => string;
  readonly copy: () => Memory;
}

const isSame = (one: Given, other: Given): boolean =>
  typeof one === "string" || typeof other === "string" ? one === other : one.id === other.id && one.form === other.form;

const titleOf = ({ choices }: ChoiceAsking, wanted: string): string =>
  choices.find(({ id }) => id === wanted)?.title ?? wanted;

export const createMemory = (notes: Map<string, Note> = new Map()): Memory => {
  /** Undefined: not answered, or it cannot be had any more. */
  const textBefore = (question: string, { problem }: TextAsking): string | undefined => {
    const { given } = notes.get(question) ?? {};
    return typeof given === "string" && problem(given) === undefined ? given : undefined;
  };
  const choiceBefore = (question: string, { choices }: ChoiceAsking): Exclude<Given, string> | undefined => {
    const { given } = notes.get(question) ?? {};
    return typeof given === "object" && choices.some(({ id }) => id === given.id) ? given : undefined;
  };
  const isOwn = (question: string): boolean => notes.get(question)?.isOwn ?? false;
  const proposedText = (question: string, asking: TextAsking): string =>
    (isOwn(question) ? textBefore(question, asking) : undefined) ?? asking.initial;
  const proposedChoice = (question: string, asking: ChoiceAsking): Exclude<Given, string> => {
    const { id, form } = (isOwn(question) ? choiceBefore(question, asking) : undefined) ?? {
      id: asking.initial,
      form: asking.form ?? 0,
    };
    return { id, form: form % asking.forms };
  };
  const note = (question: string, given: Given, proposed: Given, told: string): void =>
    void notes.set(question, { given, told, isOwn: !isSame(given, proposed) });

  return {
    telling: (question, asker, { isDue, onAsk, canGoBack, place }) => ({
      text: async (asking) => {
        const silent = isDue ? undefined : textBefore(question, asking);
        if (silent !== undefined) return silent;
        onAsk();
        const initial = proposedText(question, asking);
        const text = await asker.text({ ...asking, initial, canGoBack, ...(place ? { place } : {}) });
        note(question, text, asking.initial, text);
        return text;
      },
      choice: async (asking) => {
        const silent = isDue ? undefined : choiceBefore(question, asking);
        if (silent !== undefined) return silent;
        onAsk();
        const { id: initial, form } = proposedChoice(question, asking);
        const given = await asker.choice({ ...asking, initial, form, canGoBack, ...(place ? { place } : {}) });
        note(question, given, { id: asking.initial, form: 0 }, titleOf(asking, given.id));
        return given;
      },
    }),
    proposing: (question) => ({
      text: async (asking) => proposedText(question, asking),
      choice: async (asking) => proposedChoice(question, asking),
    }),
    told: (question) => notes.get(question)?.told ?? "",
    copy: () => createMemory(new Map(notes)),
  };
};
