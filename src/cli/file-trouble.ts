import { messageOf } from "../ports/error.ts";

/** What is wrong with a file or with the place where it lies, by the system's code. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "the directory does not exist",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
  EDQUOT: "your quota of space is used up",
  EFBIG: "it would be larger than a file may be here",
  ENAMETOOLONG: "the name is too long",
};

export const reasonOf = (error: unknown): string =>
  REASONS[(error as NodeJS.ErrnoException).code ?? ""] ?? messageOf(error);

/** The file of a call to the system that failed for such a reason; undefined: it is another error. */
export const troubledFile = (error: unknown): string | undefined => {
  const { code = "", path, syscall = "" } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || !Object.hasOwn(REASONS, code)) return undefined;
  return path ?? (syscall === "write" ? "a file" : undefined);
};
