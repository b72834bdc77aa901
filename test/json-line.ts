import { lineSchema } from "../scripts/events/schema.ts";

/** A line of `-o json`. Throws when it holds anything that docs/events.schema.json does not say. */
export const readLine = (text: string): Record<string, unknown> => {
  const line: Record<string, unknown> = JSON.parse(text);
  const { success, error } = lineSchema.safeParse(line);
  if (!success) throw new Error(`not as the schema says: ${JSON.stringify(error.issues)}\n${text.slice(0, 2_000)}`);
  return line;
};
