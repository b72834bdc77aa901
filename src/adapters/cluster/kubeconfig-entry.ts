import path from "node:path";
import { textOf } from "../../ports/bounded.ts";
import { messageOf, type Remedy, UserError } from "../../ports/error.ts";
import { at } from "../../ports/object.ts";
import { fileWord, sh } from "../../ports/shell.ts";
import { isPlaceholder } from "../../ports/text.ts";
import { COPY } from "./kubeconfig-files.ts";
import type { Embedded } from "./kubeconfig-shape.ts";

/** One entry of a kubeconfig, as messages name it. */
export interface Entry {
  readonly kind: "cluster" | "user";
  readonly name: string;
  readonly folder: string;
}

/** `cluster "prod"` and what is wrong with it. Exit code 2. */
export const wrong = (
  { kind, name }: Entry,
  id: `kubeconfig.${string}`,
  why: string,
  remedy: Remedy = {
    text: `Correct this ${kind} in the kubeconfig, or write it again with your provider's tool. kubectl shows what it understands:`,
    command: sh`kubectl config view`,
  },
): UserError => new UserError({ id, what: `the kubeconfig's ${kind} "${name}": ${why}`, remedy, kind: "input" });

/** Somebody was to put something else there. */
export const refusePlaceholder = (entry: Entry, field: string, value: string): void => {
  if (isPlaceholder(value))
    throw wrong(entry, "kubeconfig.placeholder", `${field} holds the placeholder ${value.trim()} and no secret`, COPY);
};

/** Where a field, given as data or as the path of a file, has its content. Refuses both at once. */
export const placeOf = (
  entry: Entry,
  field: string,
  file: string,
  data: Embedded | undefined,
): { readonly file: string } | { readonly text: string } | undefined => {
  if (file !== "" && data)
    throw wrong(entry, "kubeconfig.both", `${field} and ${field}-data are both there; kubectl takes one`);
  if (file !== "") return { file: path.resolve(entry.folder, file) };
  if (!data) return undefined;
  refusePlaceholder(entry, `${field}-data`, data.written);
  return { text: data.content };
};

/** `field`: with `-data` where it was data. */
export const fieldOf = (field: string, place: object): string => ("text" in place ? `${field}-data` : field);

export const contentOf = async (
  entry: Entry,
  field: string,
  place: { readonly file: string } | { readonly text: string },
): Promise<string> => {
  if ("text" in place) return place.text;
  return textOf(place.file).catch((error: unknown) => {
    const reasons: Record<string, string> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
      ERR_TOO_MUCH: `it is ${messageOf(error)}`,
      EACCES: "its permissions do not allow it",
    };
    const reason = reasons[String(at(error, "code"))] ?? messageOf(error);
    throw wrong(entry, "kubeconfig.unreadable", `${field} names ${place.file}, which cannot be read: ${reason}`, {
      text: "Correct the path, or restore the file:",
      command: sh`ls -l ${fileWord(place.file)}`,
    });
  });
};
