import { z } from "zod";
import { messageOf, UserError } from "../../ports/error.ts";
import { fromRecorded, NotRecorded, recordedError, toRecorded } from "./errors.ts";
import { type Ask, type Asked, keyOfQuestion } from "./questions.ts";
import { refusalsLast } from "./refusals.ts";

/** It goes up when a recording can no longer be read by what reads it now. */
const VERSION = 1;

const answered = z.object({
  asked: z.string(),
  of: z.unknown().optional(),
  answer: z.unknown().optional(),
  error: recordedError.optional(),
});

const schema = z.object({
  type: z.literal("kn-bootstrap-recording"),
  v: z.literal(VERSION),
  /** When it was made; ages and certificates are judged by this time. */
  at: z.iso.datetime(),
  context: z.string(),
  server: z.string(),
  /** Which resolver was asked. */
  resolver: z.string(),
  answers: z.array(answered),
});

/** Everything that was read for one diagnosis. */
export type Recording = z.infer<typeof schema>;
type Answered = Recording["answers"][number];

/** Asks each question once, and keeps the answers. */
export const recorded = (ask: Ask): { readonly ask: Ask; readonly answers: () => Promise<readonly Answered[]> } => {
  const kept = new Map<string, { readonly asked: Asked; readonly of: unknown; readonly answer: Promise<unknown> }>();
  const calm = refusalsLast(ask);
  return {
    ask: ((asked, of, signal) => {
      const key = keyOfQuestion(asked, of);
      const one = kept.get(key) ?? { asked, of, answer: calm(asked, of, signal) };
      kept.set(key, one);
      return one.answer;
    }) as Ask,
    answers: () =>
      Promise.all(
        [...kept]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(async ([, { asked, of, answer }]): Promise<Answered> => {
            const question = { asked, ...(of === undefined ? {} : { of }) };
            return answer.then(
              (value) => ({ ...question, answer: value }),
              (error) => ({ ...question, error: toRecorded(error) }),
            );
          }),
      ),
  };
};

/** Answers from a recording. What is not in it rejects, so that who asks is `unknown`. */
export const askRecording = ({ answers }: Recording): Ask => {
  const known = new Map(answers.map((one) => [keyOfQuestion(one.asked as Asked, one.of), one]));
  return async (asked, of) => {
    const key = keyOfQuestion(asked, of);
    const one = known.get(key);
    if (!one) throw new NotRecorded(key.length > 200 ? `${key.slice(0, 200)}…` : key);
    if (one.error) throw fromRecorded(one.error);
    return one.answer as never;
  };
};

export const recordingText = (recording: Omit<Recording, "type" | "v">): string =>
  `${JSON.stringify({ type: "kn-bootstrap-recording", v: VERSION, ...recording })}\n`;

/** Throws UserError (input) for what is no recording. */
export const parseRecording = (text: string, path: string): Recording => {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const where = issue?.path.join(".");
    throw new UserError({
      id: "doctor.recording",
      what: `${path} is no recording of doctor's.`,
      why: issue ? `${where ? `${where}: ` : ""}${issue.message}.` : `${messageOf(error)}.`,
      remedy: "Make one with kn-bootstrap doctor --save FILE.",
      kind: "input",
    });
  }
};
