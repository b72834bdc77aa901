import type { Remedy } from "./error.ts";
import { sh } from "./shell.ts";

/** Whether a server's certificate was refused for its dates, as OpenSSL names that: this machine's clock decides about them. */
export const isOutOfDate = (error: unknown): boolean =>
  /^CERT_(NOT_YET_VALID|HAS_EXPIRED)$/.test(String((error as NodeJS.ErrnoException | undefined)?.code ?? ""));

export const clockRemedy = (): Remedy => ({
  text: `Here it is ${new Date().toISOString()}. If that is wrong, set this machine's clock; else the server needs a new certificate.`,
  command: sh`timedatectl set-ntp true`,
});
