/** Where recordings of the real thing lie: beside the repository. Tests that need them are skipped without. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../../shared/", import.meta.url);

export const sharedPath = (path: string): string => fileURLToPath(new URL(path, root));

/** Prints why tests are skipped when the file is not there. */
export function hasShared(path: string): boolean {
  const found = existsSync(sharedPath(path));
  if (!found) process.stdout.write(`skipped: no ../shared/${path} beside the repository\n`);
  return found;
}

/** A caller of the API over HTTPS, as replay.mjs makes it: verifies the certificate against the CA. */
export type Fetch = (
  url: string,
  init?: { method?: string; headers?: Record<string, string>; body?: string },
) => Promise<{ status: number; headers: { get: (name: string) => string | null }; text: () => Promise<string> }>;
