import type { Written } from "../../config/complete.ts";
import type { Config } from "../../config/config.ts";
import { directory, email, secret, tls } from "./certificate.ts";
import { gateway } from "./gateway.ts";
import { dns, domain } from "./naming.ts";
import type { Asker, Known, Question } from "./question.ts";
import { exposure, exposureOf, namespaces } from "./reaching.ts";
import { fitted, without } from "./settle.ts";
import type { Sight } from "./sight.ts";

/** In the order in which they are asked; of one run at most seven. */
export const questions: readonly Question[] = [
  domain,
  dns,
  tls,
  directory,
  secret,
  gateway,
  exposure,
  namespaces,
  email,
];

/**
 * Asks what cannot be known. `run`: what the command line says about how to run. Resolves to what a person would have written;
 * rejects with Interrupted.
 */
export const askAll = async (sight: Sight, run: Written, asker: Asker): Promise<Written> => {
  const before = { ...sight.installed, ...run };
  let written = fitted(before, { ...without(before, ...exposure.owns), ...exposureOf({ sight, before }) });
  for (const question of questions) {
    const known: Known = { sight, before, written };
    const answer = question.isAsked(known) ? await question.ask(known, asker) : kept(question, written);
    written = fitted(before, { ...without(written, ...question.owns), ...answer });
  }
  return written;
};

/** A question that does not come up changes nothing. */
const kept = ({ owns }: Question, written: Written): Written =>
  Object.fromEntries(Object.entries(written).filter(([key]) => owns.includes(key as keyof Config)));
