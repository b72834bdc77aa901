import packageJson from "../../package.json" with { type: "json" };
import { Interrupted } from "../ports/error.ts";
import { type Invocation, parseArguments } from "./args.ts";
import { commands as allCommands, type Command } from "./commands/index.ts";
import type { Host } from "./context.ts";
import { columnsOf } from "./reporter/lines.ts";

export { watchForEnd } from "./ending.ts";
export { thisProcess } from "./holder.ts";

/** What the scripts of `completion` ask with. */
const COMPLETE = "__complete";
/** What `rehearse` starts the process of a world with (rehearsal/talk.ts), by a channel that nobody has who types it. */
const HOST_WORLD = "__world";

/** The program from its arguments to its exit code; never rejects. What help and version do not need is not loaded for them. */
export const runCli = async (host: Host, commands: readonly Command[] = allCommands): Promise<number> => {
  const code = await answer(host, commands);
  await host.written?.();
  const { aborted, reason } = host.signal;
  // Nobody was told yet: it was the last word that could not be written.
  if (code === 0 && aborted && !(reason instanceof Interrupted))
    return (await import("./dispatch.ts")).refuse(host, reason);
  return code;
};

const answer = async (host: Host, commands: readonly Command[]): Promise<number> => {
  const [first, ...words] = host.argv;
  // Not a command: its words may be flags, and half of one.
  if (first === COMPLETE) return (await import("./completion/index.ts")).complete(words, host);
  if (first === HOST_WORLD && process.connected) {
    host.beforeCommand?.();
    return (await import("./rehearsal/world-process.ts")).run(host);
  }
  let invocation: Invocation;
  try {
    const columns = columnsOf(host.stdout.columns, host.env);
    invocation = parseArguments(host.argv, { commands, version: packageJson.version, columns });
  } catch (error) {
    return (await import("./dispatch.ts")).refuse(host, error);
  }
  if (invocation.kind === "command") {
    host.beforeCommand?.();
    return (await import("./dispatch.ts")).dispatch(host, invocation);
  }
  host.stdout.write(invocation.text);
  if (invocation.more) host.stdout.write(await invocation.more());
  return 0;
};
