import { UserError } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";

/** Two clocks that are too far apart, in milliseconds since 1970. */
export interface Clocks {
  readonly ours: number;
  readonly theirs: number;
}

/** `1 h 2 min`, `12 s`; how far they are apart. */
export const apart = ({ ours, theirs }: Clocks): string => {
  const seconds = Math.round(Math.abs(theirs - ours) / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  const parts = [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "min"],
  ];
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`])).join(" ");
};

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Signed requests may be five minutes old (RFC 8945 section 10), elsewhere too. `whose`: `the name server 192.0.2.53`. */
export const clocksApart = (id: string, whose: string, clocks: Clocks, cause?: unknown): UserError =>
  new UserError({
    id,
    what: `The clocks of this machine and of ${whose} differ by ${apart(clocks)}.`,
    why: `Here it is ${time(clocks.ours)}, there ${time(clocks.theirs)}; a signed request may be off by five minutes.`,
    remedy: { text: "Set the clock that is wrong, for this machine:", command: sh`timedatectl set-ntp true` },
    kind: "input",
    cause,
  });
