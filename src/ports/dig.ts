import { isPlainName } from "./dns-name.ts";
import { type ShellCommand, sh } from "./shell.ts";

/**
 * A question to the DNS as a command: dig(["+norecurse", "NS"], "example.com", "ns1.example.net"). Undefined for a name that no command
 * holds; a server of such a name is left out, so that the resolver at hand is asked.
 * @param at address or name of a server
 * @param type behind the name, where it is not among the words
 */
export const dig = (words: readonly string[], name: string, at?: string, type?: string): ShellCommand | undefined => {
  if (!isPlainName(name)) return undefined;
  return sh`dig ${words} ${name} ${type ? [type] : []} ${at !== undefined && isPlainPlace(at) ? [`@${at}`] : []}`;
};

/** Addresses have colons, those of one link a zone behind a percent sign. */
const isPlainPlace = (at: string): boolean => isPlainName(at) || /^[\da-f:.]+(%\w+)?$/i.test(at);
