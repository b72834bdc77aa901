import { visible } from "../../ports/visible.ts";
import { isYes, lineTo } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { padded } from "../reporter/cells.ts";
import { entry, type Look } from "../reporter/look.ts";
import type { Said } from "./interview.ts";

/** Thrown in place of a yes or no by somebody who wants another answer to one of the questions. */
export class Changing extends Error {
  readonly question: string;
  constructor(question: string) {
    super();
    this.question = question;
  }
}

/** All answers, a number before each. */
export const summaryText = (said: readonly Said[], look: Look): string => {
  const width = Math.max(...said.map(({ title }) => title.length));
  const lines = [
    ...said.flatMap(({ title, answer }, index) => entry(look, 2, `${index + 1} ${padded(title, width)}`, answer)),
    ...entry(look, 2, "", "A number changes its answer."),
  ];
  return `${lines.join("\n")}\n`;
};

/** Asks yes or no below all answers. Rejects with Changing when the answer is the number of one of them. */
export const confirmBelow =
  (ctx: CommandContext, said: readonly Said[], terminal: NonNullable<CommandContext["terminal"]>) =>
  async (question: string): Promise<boolean> => {
    ctx.stderr(summaryText(said, ctx.look));
    const { stdin, stderr, aside } = terminal;
    const line = await aside(() => lineTo(visible(ctx.mask(question)), { stdin, stderr, signal: ctx.signal }));
    const chosen = /^\d+$/.test(line) ? said[Number(line) - 1] : undefined;
    if (chosen) throw new Changing(chosen.id);
    return isYes(line);
  };
