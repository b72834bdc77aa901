import type { Remedy } from "../ports/error.ts";
import { sh } from "../ports/shell.ts";

/** What mends whatever an installation of ours has lost. */
export const AGAIN: Remedy = {
  text: "Run install again: it makes what is missing.",
  command: sh`kn-bootstrap install`,
};
