import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** All temporary files of a test run lie in one directory that goes with it. */
export const setup = (): (() => void) => {
  const directory = mkdtempSync(join(tmpdir(), "kn-bootstrap-tests-"));
  process.env.TMPDIR = directory;
  return () => rmSync(directory, { recursive: true, force: true });
};
