import { constants } from "node:fs";
import { access, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { UserError } from "../../ports/error.ts";
import { fileWord, sh } from "../../ports/shell.ts";
import { reasonOf } from "../file-trouble.ts";

/** A place where a file can be written. */
export interface ReportFile {
  /** As the option has it. */
  readonly path: string;
  /** Replaces the file at once: readers see the old one or the whole new one. Throws UserError (exit code 1). */
  readonly write: (text: string) => Promise<void>;
}

/**
 * Finds out, by doing it, that a file can be written there, and leaves nothing behind. Throws UserError with exit code 2: before
 * anything else is done is the time to say so.
 */
export const openReportFile = async (path: string, suffix: string): Promise<ReportFile> => {
  const target = await realpath(path).catch(() => resolve(path));
  const beside = `${target}.${suffix}.tmp`;
  try {
    await assertReplaceable(target);
    const handle = await open(beside, "wx");
    await handle.close();
  } catch (error) {
    throw new UserError({
      id: "config.report",
      what: `The report cannot be written to ${path}: ${reasonOf(error)}.`,
      why: "Nothing was changed.",
      remedy:
        (error as NodeJS.ErrnoException).code === "ENOENT"
          ? { text: "Make the directory first:", command: sh`mkdir -p ${fileWord(dirname(target))}` }
          : "Give --report another file, in a directory that you may write to.",
      kind: "input",
      cause: error,
    });
  } finally {
    await rm(beside, { force: true }).catch(() => {});
  }
  return {
    path,
    write: async (text) => {
      try {
        await writeFile(beside, text, { flag: "wx" });
        await rename(beside, target);
      } catch (error) {
        await rm(beside, { force: true }).catch(() => {});
        throw new UserError({
          id: "report.write",
          what: `The report could not be written to ${path}: ${reasonOf(error)}.`,
          why: "The run itself is not touched by this.",
          remedy: { text: "See how it is:", command: sh`kn-bootstrap status` },
          kind: "failed",
          cause: error,
        });
      }
    },
  };
};

/** Throws unless the file is absent or an ordinary file that may be written: a device or a directory is never replaced. */
const assertReplaceable = async (target: string): Promise<void> => {
  const found = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return;
  if (found.isDirectory()) throw new Error("it is a directory");
  if (!found.isFile()) throw new Error("it is not an ordinary file");
  await access(target, constants.W_OK);
};
