import { duration } from "../../config/syntax.ts";
import { visibleData } from "../../ports/visible.ts";
import type { CommandContext } from "../context.ts";
import { entry, heading, type Look } from "../reporter/look.ts";
import { logIn } from "./elsewhere.ts";
import { kubeconfigIn } from "./host.ts";
import { type Kept, keptRehearsals } from "./kept.ts";

/** A kept rehearsal as others need it, also in `-o json`. Times are ISO 8601. */
interface Listed {
  readonly name: string;
  readonly pid: number;
  readonly since: string;
  /** Absent: until somebody ends it. */
  readonly until?: string;
  readonly kubeconfig: string;
  /** Of its API; absent while it starts. */
  readonly server?: string;
  /** It is being installed into, or starts. */
  readonly isUnderWay?: true;
  /** Of its Services, as they open on this machine; absent until its installation has succeeded. */
  readonly url?: string;
  /** Absent: it is in a terminal. */
  readonly log?: string;
}

/** Prints the kept rehearsals of this user. Resolves to the exit code. */
export const list = async ({
  config: { output },
  stdout,
  look,
}: Pick<CommandContext, "config" | "stdout" | "look">): Promise<number> => {
  const all = visibleData(keptRehearsals().map(listed));
  stdout(output === "json" ? `${JSON.stringify(all, null, 2)}\n` : text(all, look, Date.now()));
  return 0;
};

const listed = ({ name, folder, process, since, until, url, world, isSettled }: Kept): Listed => ({
  name,
  pid: process.pid,
  since,
  ...(until ? { until, log: logIn(folder) } : {}),
  kubeconfig: kubeconfigIn(folder),
  ...(world ? { server: world.server } : {}),
  ...(isSettled ? {} : { isUnderWay: true }),
  ...(url ? { url } : {}),
});

const text = (all: readonly Listed[], look: Look, now: number): string =>
  all.length === 0 ? "No rehearsal is kept.\n" : `${all.flatMap((one) => lines(one, look, now)).join("\n")}\n`;

const lines = (
  { name, since, until, server, isUnderWay, ...rest }: Listed,
  look: Look,
  now: number,
): readonly string[] => {
  const end = until ? `ends in ${roughly(Date.parse(until) - now)}` : "ends when it is told to";
  const left = isUnderWay ? (server ? "is being installed" : "starts") : end;
  const rows = [
    ["Services", rest.url],
    ["KUBECONFIG", rest.kubeconfig],
    ["Log", rest.log],
  ] as const;
  return [
    ...heading(look, `${name}, ${roughly(now - Date.parse(since))} old, ${left}`),
    ...rows.flatMap(([key, value]) => (value === undefined ? [] : entry(look, 2, key.padEnd(12), value))),
  ];
};

/** From a minute on nobody counts seconds. */
const roughly = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  return duration(seconds < 60 ? seconds : seconds - (seconds % 60));
};
