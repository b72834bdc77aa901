import { isDeepStrictEqual } from "node:util";
import { UserError } from "../ports/error.ts";
import { at, describe, isRecord, type KubeObject, keyOf, textAt } from "../ports/object.ts";
import { parseDocuments, YamlProblem } from "../ports/yaml.ts";

const malformed = (file: string, line: number | undefined, problem: string, cause?: unknown): UserError =>
  new UserError({
    id: "release.malformed",
    what: `${file}${line === undefined ? "" : `, line ${line}`}: ${problem}`,
    why: "This is no Kubernetes manifest as kubectl would read it, so nothing of it is applied.",
    remedy: "Get the file again as the project published it.",
    kind: "input",
    ...(cause === undefined ? {} : { cause }),
  });

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** `List`s are replaced by their items, at any depth. */
const expand = (value: unknown): readonly unknown[] => {
  const items = at(value, "items");
  const isList = textAt(value, "kind").endsWith("List") && Array.isArray(items);
  return isList ? items.flatMap(expand) : [value];
};

const malformation = (value: unknown): string | undefined => {
  if (!isRecord(value)) return "a document that is no mapping";
  const absent = ["apiVersion", "kind"].find((field) => !isText(value[field]));
  if (absent !== undefined) return `an object without ${absent}`;
  const named = isText(at(value, "metadata", "name")) || isText(at(value, "metadata", "generateName"));
  return named ? undefined : `a ${textAt(value, "kind")} without metadata.name`;
};

/**
 * The objects of a manifest, in its order: empty documents skipped, `List`s expanded.
 * @param file how messages name it
 * @throws UserError `release.malformed` (exit 2) with file, line and what is wrong
 */
export const parseManifest = (text: string, file: string): readonly KubeObject[] => {
  try {
    return parseDocuments(text).flatMap(({ value, line }) =>
      expand(value).map((object) => {
        const problem = malformation(object);
        if (problem !== undefined) throw malformed(file, line, problem);
        return object as KubeObject;
      }),
    );
  } catch (error) {
    throw error instanceof YamlProblem ? malformed(file, error.line, error.message, error) : error;
  }
};

/** Files of one release repeat themselves word for word, which is soon seen. */
const isSame = (a: KubeObject, b: KubeObject): boolean =>
  JSON.stringify(a) === JSON.stringify(b) || isDeepStrictEqual(a, b);

export interface ManifestFile {
  /** How messages name it. */
  readonly file: string;
  readonly objects: readonly KubeObject[];
}

/**
 * The objects of several files in order, each once: releases repeat their CRDs from file to file. Objects whose name the server
 * generates have no identity and are all kept.
 * @throws UserError `release.contradiction` (exit 2) when two files say different things about one object
 */
export const mergeManifests = (files: readonly ManifestFile[]): readonly KubeObject[] => {
  const seen = new Map<string, { file: string; object: KubeObject }>();
  return files.flatMap(({ file, objects }) =>
    objects.filter((object) => {
      if (!object.metadata.name) return true;
      const first = seen.get(keyOf(object));
      if (first === undefined) {
        seen.set(keyOf(object), { file, object });
        return true;
      }
      if (isSame(first.object, object)) return false;
      throw new UserError({
        id: "release.contradiction",
        what: `${describe(object)} is in ${first.file} and in ${file}, and they differ.`,
        why: "One object can have one content only; files of one release agree.",
        remedy: "Use files of one and the same release.",
        kind: "input",
      });
    }),
  );
};
