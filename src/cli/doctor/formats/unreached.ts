import type { CommandFlags } from "../../../config/options.ts";
import type { JsonDoctor } from "./json.ts";
import { plain } from "./markdown.ts";

/** A cluster that could not be looked at, and why. `at`: ISO 8601. */
export interface Unreached {
  readonly context: string;
  readonly problem: string;
  readonly at: string;
}

const json = ({ context, problem, at }: Unreached): string => {
  const none = { server: "", verdict: "unknown", causes: [], findings: [] } as const;
  return `${JSON.stringify({ type: "doctor", v: 1, context, at, problem, ...none } satisfies JsonDoctor)}\n`;
};

const short = ({ context, problem }: Unreached): string =>
  `${context}: not reached: ${problem}`.replaceAll("\n", " ").concat("\n");

const markdown = ({ context, problem }: Unreached): string =>
  `## ${plain(context)}: not reached\n\n${plain(problem)}\n`;

/** What stands in the place of its look, in the forms that tell of several clusters; in a table it has a line. */
export const UNREACHED: Readonly<Partial<Record<NonNullable<CommandFlags["format"]>, (one: Unreached) => string>>> = {
  json,
  short,
  markdown,
};
