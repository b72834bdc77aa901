import { UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";

/** Mistakes of one person in one go: whoever mends one and meets the next loses patience. */
export interface Mistakes {
  /** The work's value; undefined where it threw a UserError, which is kept. */
  readonly attempt: <T>(work: () => T) => T | undefined;
  readonly add: (error: UserError) => void;
  /** Throws what was kept: one as it is, several as one error that names each. */
  readonly assertNone: () => void;
}

/** As many as fit on a screen. */
const MOST = 10;

export const collectMistakes = (): Mistakes => {
  const found: UserError[] = [];
  return {
    attempt: (work) => {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        found.push(error);
        return undefined;
      }
    },
    add: (error) => void found.push(error),
    assertNone: () => {
      const [first, ...others] = found;
      if (first && others.length === 0) throw first;
      if (first) throw together(found);
    },
  };
};

const together = (errors: readonly UserError[]): UserError => {
  const shown = errors
    .slice(0, MOST)
    .map(({ message, why, remedy }, index) => [`(${index + 1})`, message, why, remedy.text].filter(Boolean).join(" "));
  const more = errors.length > MOST ? [`And ${errors.length - MOST} more.`] : [];
  return new UserError({
    id: "config.mistakes",
    what: `${errors.length} things that were written cannot be meant.`,
    why: [...shown, ...more].join(" "),
    remedy: { text: "Correct them all. Every option and what it takes:", command: sh`kn-bootstrap help options` },
    kind: "input",
  });
};
