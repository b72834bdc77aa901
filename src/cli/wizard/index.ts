import { dirname, join } from "node:path";
import type { Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { settled } from "../../config/load.ts";
import { takeSnapshot, throughSnapshot } from "../../core/snapshot.ts";
import { UserError } from "../../ports/error.ts";
import { catalogFile } from "../../releases/catalog.ts";
import type { Tools } from "../../steps/lifecycle.ts";
import type { CommandContext } from "../context.ts";
import { installInto } from "../installing.ts";
import type { Session } from "../session.ts";
import { offer } from "./offer.ts";
import { createPrompts } from "./prompts.ts";
import { askAll } from "./questions.ts";
import { look } from "./sight.ts";
import { sightText } from "./sight-text.ts";

/** Looks at the cluster, asks what cannot be known, and installs: the plan and its confirmation are those of every install. */
export const installByAsking = async (ctx: CommandContext, session: Session): Promise<number> => {
  const written = await ask(ctx, session);
  const config = settled(written, { env: ctx.env, terminal: ctx.config.color });
  const chosen = { ...ctx, config, written };
  ctx.page?.chose(config);
  const schema = join(dirname(dirname((await catalogFile()).path)), "docs", "config.schema.json");
  const [command = "", ...file] = offer(config, schema);
  try {
    const code = await installInto(chosen, withConfig(session, config));
    ctx.stdout(`\n${[command, ...file].join("\n")}`);
    return code;
  } catch (error) {
    // What was answered is not to be answered again.
    if (error instanceof UserError) ctx.stderr(`\n${command}\n`);
    throw error;
  }
};

const ask = async (ctx: CommandContext, session: Session): Promise<Written> => {
  const { terminal, env, signal } = ctx;
  if (!terminal) throw new Error("the wizard needs a terminal");
  const sight = await look(session.still.cluster, { env, signal });
  ctx.stderr(`\n${sightText(sight, ctx.look)}`);
  const { stdin: input, stderr: output } = terminal;
  return terminal.aside(() => askAll(sight, ctx.written, createPrompts({ input, output }, ctx.look, env, signal)));
};

/** The same connection for the configuration that was chosen, looked at anew: answering takes its time. */
const withConfig = (session: Session, config: Config): Session => {
  const live = takeSnapshot(session.tools.cluster);
  const tools: Tools = { ...session.tools, config };
  return { ...session, tools, live, still: { ...tools, cluster: throughSnapshot(tools.cluster, live) } };
};
