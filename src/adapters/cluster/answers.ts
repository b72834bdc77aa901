import type { ApiResource } from "../../ports/cluster.ts";
import { at, isRecord, type ObjectRef, textAt } from "../../ports/object.ts";

type Expectation = (body: unknown) => boolean;

const isNamed = (body: unknown): boolean => {
  const name = at(body, "metadata", "name");
  return typeof name === "string" && name !== "";
};

/** An object of this kind, and this one where a name is given. */
export const isObject =
  ({ apiVersion, kind }: Pick<ObjectRef, "apiVersion" | "kind">, name?: string): Expectation =>
  (body) =>
    at(body, "apiVersion") === apiVersion &&
    at(body, "kind") === kind &&
    isNamed(body) &&
    (name === undefined || at(body, "metadata", "name") === name);

/** A list of this API. CRDs may name theirs as they like; items say no kind; an empty list of Go may be null. */
export const isListOf =
  ({ apiVersion }: ApiResource): Expectation =>
  (body) => {
    const items = at(body, "items");
    return (
      at(body, "apiVersion") === apiVersion &&
      textAt(body, "kind").endsWith("List") &&
      isRecord(at(body, "metadata")) &&
      (items === null || (Array.isArray(items) && items.every(isNamed)))
    );
  };

/** What a deletion answers: the object on its way, or that it is done. */
export const isDeletion = (resource: ApiResource, name: string): Expectation => {
  const isIt = isObject(resource, name);
  return (body) => isIt(body) || (at(body, "kind") === "Status" && at(body, "status") === "Success");
};

/** One of these kinds of answers to a look at what is served. */
export const isOneOf =
  (...kinds: readonly string[]): Expectation =>
  (body) =>
    kinds.includes(textAt(body, "kind"));
