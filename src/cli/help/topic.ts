import { wrapOurs } from "../reporter/lines.ts";

/** Something that is more than one option. */
export interface Topic {
  readonly name: string;
  /** For the list in help. */
  readonly summary: string;
  /** Paragraphs, with an empty line between them. Lines that begin with two spaces stay as they are: they are there to be copied. */
  readonly load: () => Promise<{ readonly text: string }>;
}

export const topicText = async ({ load }: Topic, columns: number): Promise<string> =>
  (await load()).text
    .trim()
    .split(/\n\n+/)
    .map((paragraph) => {
      const lines = paragraph.split("\n");
      const asItIs = lines.every((line) => line.startsWith("  "));
      return `${(asItIs ? lines : wrapOurs(lines.join(" "), columns)).join("\n")}\n`;
    })
    .join("\n");
