import { visible } from "../../ports/visible.ts";
import { isYes, lineTo } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { cells, padded } from "../reporter/cells.ts";
import { entry, type Look } from "../reporter/look.ts";
import type { Answers, Said } from "./interview.ts";

/** Thrown in place of a yes or no by somebody who wants another answer to one of the questions. */
export class Changing extends Error {
  readonly question: string;
  constructor(question: string) {
    super();
    this.question = question;
  }
}

/** In cells. */
export const titleWidth = (said: readonly Said[]): number => Math.max(...said.map(({ title }) => cells(title)));

/** All answers, a number before each, and what a first Service will be called. */
export const summaryText = ({ said, url }: Pick<Answers, "said" | "url">, look: Look): string => {
  const width = titleWidth(said);
  const digits = String(said.length).length;
  const mark = (number: string, title: string): string => `${number.padStart(digits)} ${padded(title, width)}`;
  const lines = [
    ...said.flatMap(({ title, answer }, index) => entry(look, 2, mark(String(index + 1), title), answer)),
    ...entry(look, 2, mark("", "URLs"), url),
    ...entry(look, 2, "", "A number changes its answer."),
  ];
  return `${lines.join("\n")}\n`;
};

/** Asks yes or no below all answers. Rejects with Changing when the answer is the number of one of them. */
export const confirmBelow =
  (ctx: CommandContext, answers: Answers, terminal: NonNullable<CommandContext["terminal"]>) =>
  async (question: string): Promise<boolean> => {
    ctx.stderr(summaryText(answers, ctx.look));
    const { stdin, stderr, aside } = terminal;
    const line = await aside(() => lineTo(visible(ctx.mask(question)), { stdin, stderr, signal: ctx.signal }));
    const chosen = /^\d+$/.test(line) ? answers.said[Number(line) - 1] : undefined;
    if (chosen) throw new Changing(chosen.id);
    return isYes(line);
  };
