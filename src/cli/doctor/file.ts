import { createReadStream } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { parseRecording, type Recording, recordingText } from "../../app/doctor/recording.ts";
import { collect } from "../../ports/bounded.ts";
import { UserError } from "../../ports/error.ts";
import { isRecord } from "../../ports/object.ts";
import { redactText } from "../../secrets/looks.ts";
import { reasonOf } from "../file-trouble.ts";

/** Two thousand Services with all that belongs to them take a third of it. */
const MOST = 256 * 2 ** 20;

/** Throws UserError (input) for a file that cannot be read, and for what is no recording. */
export const readRecording = async (path: string): Promise<Recording> => {
  const bytes = await collect(createReadStream(path), MOST).catch((error: unknown) => {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : reasonOf(error);
    throw new UserError({
      id: "doctor.recording",
      what: `${path} cannot be read: ${reason}.`,
      remedy: "Give a file that kn-bootstrap doctor --save has written.",
      kind: "input",
      cause: error,
    });
  });
  return parseRecording(bytes.toString("utf8"), path);
};

/** Nobody else may read it. It replaces the file at once. Throws UserError (failed). */
export const writeRecording = async (
  path: string,
  recording: Omit<Recording, "type" | "v">,
  mask: (text: string) => string,
): Promise<void> => {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(beside, mask(recordingText(clean(recording) as typeof recording)), { flag: "wx", mode: 0o600 });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw new UserError({
      id: "doctor.save",
      what: `The recording could not be written to ${path}: ${reasonOf(error)}.`,
      remedy: "Give --save a file in a directory that you may write to.",
      kind: "failed",
      cause: error,
    });
  }
};

/** Texts that look like secrets go. What is left of a Secret's data are certificates and public keys, which look like nothing else. */
const clean = (value: unknown): unknown => {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (!isRecord(value)) return value;
  const isSecret = value.kind === "Secret" && value.apiVersion === "v1";
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isSecret && key === "data" ? inner : clean(inner)]),
  );
};
