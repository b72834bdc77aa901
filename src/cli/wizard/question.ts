import type { Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import type { Sight } from "./sight.ts";

/** Where a question stands among those that come up when all that is proposed is taken. */
export interface Place {
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

/** What somebody does who wants the question before once more. */
export class WentBack extends Error {}

interface Asking {
  /** Absent: it is asked by itself. */
  readonly place?: () => Promise<Place>;
  /** Whether there is somewhere to go back to; absent: there is not. */
  readonly canGoBack?: boolean;
}

/** A question that is answered by a line of text. */
export interface TextAsking extends Asking {
  readonly message: string;
  /** One line. */
  readonly help: string;
  /** What an empty answer means. */
  readonly initial: string;
  /** What the answer leads to, shown while it is typed. */
  readonly live?: (text: string) => string | undefined;
  /** What is kept of a text; absent: all of it. */
  readonly kept?: (text: string) => string;
  /** Why it cannot be meant, in the words that the flag has for it; undefined: it can. */
  readonly problem: (text: string) => string | undefined;
}

export interface Choice {
  readonly id: string;
  readonly title: string;
  /** Shown while it is the chosen one. */
  readonly hint: string;
}

export interface ChoiceAsking extends Asking {
  readonly message: string;
  readonly help: string;
  readonly choices: readonly Choice[];
  /** An id. */
  readonly initial: string;
  /** Forms in which every choice can be had, for the Tab key; 1: there is but one. */
  readonly forms: number;
  /** The one that is proposed. Default 0. */
  readonly form?: number;
  readonly live?: (id: string, form: number) => string | undefined;
}

/** Who can be asked. Rejects with Interrupted when the answer is Ctrl-C, with WentBack when it is Shift-Tab or Esc. */
export interface Asker {
  /** Resolves to a text that is no problem. */
  readonly text: (asking: TextAsking) => Promise<string>;
  readonly choice: (asking: ChoiceAsking) => Promise<{ readonly id: string; readonly form: number }>;
}

/** What is known when a question comes up. */
export interface Known {
  readonly sight: Sight;
  /** What is installed, or how to run; proposals come from it. */
  readonly before: Written;
  /** The answers so far, made to fit each other. */
  readonly written: Written;
}

export interface Question {
  readonly id: string;
  /** What it is about, in a word or two. */
  readonly title: string;
  /** The keys that its answer decides; what stood there before is forgotten. */
  readonly owns: readonly (keyof Config)[];
  readonly isAsked: (known: Known) => boolean;
  readonly ask: (known: Known, asker: Asker) => Promise<Written>;
}
