import { chooseFor } from "../../app/planning.ts";
import type { Session } from "../../app/session.ts";
import type { Tools } from "../../app/tools.ts";
import { installedVersions } from "../../app/versions.ts";
import type { Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { type Kept, NOTHING_KEPT } from "../../config/kept.ts";
import { settled } from "../../config/load.ts";
import { CHOICES, type CommandFlags, optionName } from "../../config/options.ts";
import { STATE } from "../../kube/prior.ts";
import { takeSnapshot, throughSnapshot } from "../../kube/snapshot.ts";
import { UserError } from "../../ports/error.ts";
import { readable } from "../../ports/readable.ts";
import { versionOf } from "../../releases/catalog.ts";
import { keptIn } from "../../steps/state/chosen.ts";
import type { CommandContext } from "../context.ts";
import { installInto } from "../installing.ts";
import { type Answers, createInterview } from "./interview.ts";
import { offer } from "./offer.ts";
import { createPrompts } from "./prompts.ts";
import type { Asker } from "./question.ts";
import { reviewed } from "./review.ts";
import { look, type Sight } from "./sight.ts";
import { sightText } from "./sight-text.ts";
import { Changing, confirmBelow } from "./summary.ts";

/** Looks at the cluster, asks what cannot be known, and installs: the plan and its confirmation are those of every install. */
export const installByAsking = async (ctx: CommandContext, session: Session): Promise<number> => {
  const { terminal, env, signal } = ctx;
  if (!terminal) throw new Error("the wizard needs a terminal");
  const { sight, kept } = await seen(ctx, session);
  ctx.stderr(`\n${sightText(sight, ctx.look)}`);
  const interview = createInterview(sight, ctx.written);
  const streams = { input: terminal.stdin, output: terminal.stderr };
  /** With answers above of its own each time: those before are in the terminal's history. */
  const asked = <T>(ask: (asker: Asker) => Promise<T>): Promise<T> =>
    terminal.aside(() => ask(createPrompts(streams, ctx.look, env, signal)));
  let answers = await reviewed(await asked(interview.all), interview, asked);
  for (;;) {
    try {
      return await installWith({ ...ctx, confirm: confirmBelow(ctx, answers, terminal) }, session, answers, kept);
    } catch (error) {
      if (!(error instanceof Changing)) throw error;
      answers = await asked((asker) => interview.again(error.question, asker));
    }
  }
};

const installWith = async (
  ctx: CommandContext,
  session: Session,
  { written }: Answers,
  kept: Kept,
): Promise<number> => {
  const config = settled(written, { env: ctx.env, terminal: ctx.config.color });
  // What was chosen before is in the answers: it was proposed.
  const flags = { ...ctx.flags, resetChoice: CHOICES.map(optionName) };
  const chosen = { ...ctx, config, written, flags };
  const [command = "", ...file] = offer(config, kept).map((text) => ctx.called({ text }).text);
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

const seen = async (ctx: CommandContext, session: Session): Promise<{ sight: Sight; kept: Kept }> => {
  const { env, signal, learn } = ctx;
  const [found, running] = await Promise.all([
    look(session.frozen.cluster, { env, signal, learn }),
    readable(installedVersions(session.frozen.cluster)),
  ]);
  const chosen = running && (await chooseFor(ctx, { installed: running, kubernetes: session.version }));
  const kept = found.installed ? keptIn(await session.frozen.cluster.get(STATE)) : NOTHING_KEPT;
  const sight = {
    ...found,
    installed: proposable(kept, ctx.flags),
    ...(chosen ? { knative: { version: versionOf(chosen.release, "serving"), remarks: chosen.remarks } } : {}),
  };
  return { sight, kept };
};

/** Without what was taken back. */
const proposable = ({ values }: Kept, { resetChoices, resetChoice }: CommandFlags): Written | undefined => {
  const kept = CHOICES.filter((option) => option.key in values && !resetChoice.includes(optionName(option)));
  if (resetChoices || kept.length === 0) return undefined;
  return Object.fromEntries(kept.map(({ key }) => [key, values[key]]));
};

/** The same connection for the configuration that was chosen, looked at anew: answering takes its time. */
const withConfig = (session: Session, config: Config): Session => {
  const live = takeSnapshot(session.tools.cluster);
  const tools: Tools = { ...session.tools, config };
  return { ...session, tools, live, frozen: { ...tools, cluster: throughSnapshot(tools.cluster, live) } };
};
