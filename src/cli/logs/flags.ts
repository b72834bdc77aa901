import type { CommandFlags } from "../../config/options.ts";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";

const OF_REQUESTS: readonly (readonly [keyof CommandFlags, string])[] = [
  ["since", "--since"],
  ["follow", "--follow"],
  ["errors", "--errors"],
  ["slowerThan", "--slower-than"],
];

/** Throws UserError (input) for options of the other word, and for no time at all. */
export const assertLogsFlags = (flags: CommandFlags): void => {
  if (flags.since === 0)
    throw new UserError({
      id: "logs.since",
      what: "--since 0 leaves nothing to show.",
      why: "It is the time before now from which on requests are shown.",
      remedy: { text: "Name a time, or see those that come.", command: sh`kn-bootstrap logs requests --follow` },
      kind: "input",
    });
  const [, odd] = OF_REQUESTS.find(([key]) => flags[key] !== undefined && flags[key] !== false) ?? [];
  if (flags.argument !== "open" || odd === undefined) return;
  throw new UserError({
    id: "logs.flags",
    what: `${odd} does not go with logs open.`,
    why: "It is about requests.",
    remedy: { text: "Leave it out, or look at requests.", command: sh`kn-bootstrap logs requests --help` },
    kind: "input",
  });
};
