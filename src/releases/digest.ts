import { createHash } from "node:crypto";
import { UserError } from "../ports/error.ts";
import { fileWord, sh } from "../ports/shell.ts";

/** Lower-case hex. */
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Asset → sha256, of lines as sha256sum writes them; other lines do not count. */
export const parseChecksums = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const [, digest, file] = /^([0-9a-fA-F]{64}) [ *](?:\.\/)?(.+)$/.exec(line) ?? [];
      return digest && file ? [[file, digest.toLowerCase()] as const] : [];
    }),
  );

export interface Origin {
  /** Path or URL of the bytes. */
  readonly place: string;
  /** What says which digest is right. */
  readonly authority: string;
  /** A cached copy of ours can simply go. */
  readonly cached?: boolean;
}

/** @throws UserError `release.digest` (exit 2) with the file and both digests */
export const verify = (bytes: Uint8Array, expected: string, origin: Origin): void => {
  const actual = sha256(bytes);
  if (actual === expected) return;
  if (sha256(Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll("\r\n", "\n"), "latin1")) === expected)
    throw new UserError({
      id: "release.digest",
      what: `${origin.place} has other line ends than the file that was released.`,
      why: "Each line ends with CR and LF instead of LF alone: git does that on its way into a working tree (core.autocrlf), some editors do too.",
      remedy: {
        text: "Keep release files as they are, by a line in .gitattributes, and check them out again:",
        command: sh`echo '*.yaml -text' >> .gitattributes`,
      },
      kind: "input",
    });
  throw new UserError({
    id: "release.digest",
    what: `${origin.place} is not the file that was released.`,
    why: `Its sha256 is ${actual}; ${origin.authority} says ${expected}. It is truncated, changed, or of another version.`,
    remedy: origin.cached
      ? { text: "Remove the damaged copy and run again:", command: sh`rm ${fileWord(origin.place)}` }
      : "Get the file again as the project published it.",
    kind: "input",
  });
};
