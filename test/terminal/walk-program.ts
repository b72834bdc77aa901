/**
 * The wizard's questions alone, at a terminal, once more for as long as somebody answers: `WALK_SIGHT` is what is to be seen of the
 * cluster. Each time it ends with the answers in JSON, between `⟨` and `⟩`, and waits for Enter.
 */
import { once } from "node:events";
import process from "node:process";
import { isUnicode } from "../../src/cli/reporter/look.ts";
import { createInterview } from "../../src/cli/wizard/interview.ts";
import { createPrompts } from "../../src/cli/wizard/prompts.ts";
import type { Sight } from "../../src/cli/wizard/sight.ts";

const sight = JSON.parse(process.env.WALK_SIGHT ?? "{}") as Sight;
const look = { columns: process.stderr.columns, unicode: isUnicode(process.env), color: false };
const { signal } = new AbortController();
for (;;) {
  process.stderr.write("\u001b[2J\u001b[H");
  const asker = createPrompts({ input: process.stdin, output: process.stderr }, look, process.env, signal);
  const { written } = await createInterview(sight, {}).all(asker);
  process.stderr.write(`⟨${JSON.stringify(written)}⟩\n`);
  process.stdin.resume();
  await once(process.stdin, "data");
}
