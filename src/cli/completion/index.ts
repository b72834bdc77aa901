import { spelled } from "../../ports/visible.ts";
import { loadCatalog } from "../../releases/index.ts";
import { commands } from "../commands/index.ts";
import type { Host } from "../context.ts";
import { topics } from "../help/index.ts";
import { type Completion, completionOf } from "./candidates.ts";

/**
 * Answers a shell that wants to complete a line: a candidate on each line, with a tab and its help behind it; `:files` or `:folders` for
 * what the shell knows itself. Says nothing instead of what went wrong: nobody wants to read that on pressing Tab.
 */
export const complete = async (words: readonly string[], { env, stdout, adapters }: Host): Promise<number> => {
  const lookups = {
    contexts: async (kubeconfig: string | undefined) =>
      (await adapters.listContexts?.(kubeconfig?.replace(/^~(?=\/)/, env.HOME ?? "~"), env)) ?? [],
    versions: async () => (await loadCatalog()).minors.toReversed(),
    faults: async () => {
      const { FAULTS } = await import("../../sandbox/faults/index.ts");
      return FAULTS.map(({ name, summary }) => ({ value: name, help: summary }));
    },
    rehearsals: async () => (await import("../rehearsal/kept.ts")).keptRehearsals().map(({ name }) => name),
    checks: async () => {
      const { areaOf, doctorChecks } = await import("../doctor/choice.ts");
      const areas = new Map(doctorChecks.map(({ id }) => [areaOf(id), `All of ${areaOf(id)}`]));
      const ids = doctorChecks.map(({ id, title }) => [id, title] as const);
      return [...areas, ...ids].map(([value, help]) => ({ value, help }));
    },
  };
  const completion = await completionOf(words, { commands, topics }, lookups).catch(() => undefined);
  if (completion) stdout.write(textOf(completion));
  return 0;
};

const textOf = (completion: Completion): string =>
  completion.kind === "values"
    ? completion.values
        .filter(({ value }) => spelled(value) === value)
        .map(({ value, help }) => `${value}\t${help}\n`)
        .join("")
    : `:${completion.kind}\n`;
