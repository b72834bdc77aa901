/** Label selectors as text and as objects, and field selectors (apimachinery pkg/labels, pkg/fields). */

import type { Obj } from "../types.ts";
import type { Fields } from "./json.ts";
import { fieldsOf, listOf, objectsOf } from "./json.ts";
import type { Resource } from "./resource.ts";
import { badRequest } from "./status.ts";

export type Labels = Readonly<Record<string, string>>;
type Test<T> = (subject: T) => boolean;

/** A metav1.LabelSelector; an empty one selects everything. */
export function matchesLabelSelector(selector: Fields, labels: Labels): boolean {
  for (const [key, value] of Object.entries(fieldsOf(selector.matchLabels))) if (labels[key] !== value) return false;
  for (const expression of objectsOf(selector.matchExpressions)) {
    const value = labels[String(expression.key)];
    const values = listOf(expression.values);
    const inside = value !== undefined && values.includes(value);
    if (expression.operator === "In" && !inside) return false;
    if (expression.operator === "NotIn" && inside) return false;
    if (expression.operator === "Exists" && value === undefined) return false;
    if (expression.operator === "DoesNotExist" && value !== undefined) return false;
  }
  return true;
}

/** A metav1.LabelSelector as text, as the scale subresource shows it. */
export function selectorText(selector: unknown): string {
  const parts = Object.entries(fieldsOf(fieldsOf(selector).matchLabels)).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  for (const expression of objectsOf(fieldsOf(selector).matchExpressions)) {
    const key = String(expression.key);
    const values = listOf(expression.values).join(",");
    if (expression.operator === "In") parts.push(`${key} in (${values})`);
    else if (expression.operator === "NotIn") parts.push(`${key} notin (${values})`);
    else parts.push(expression.operator === "Exists" ? key : `!${key}`);
  }
  return parts.sort().join(",");
}

/** Throws StatusError 400. */
export function parseLabelSelector(text: string): Test<Labels> {
  const tokens = text.match(/[!=(),]=?|==|[^\s!=(),]+/g) ?? [];
  const tests: Test<Labels>[] = [];
  let next = 0;
  const stop = (expected: string): never => {
    throw badRequest(`unable to parse requirement: found '${tokens[next] ?? ""}', expected: ${expected}`);
  };
  const word = (): string => {
    const token = tokens[next];
    if (token === undefined || /^[!=(),]/.test(token)) return stop("identifier");
    next++;
    return token;
  };
  const values = (): string[] => {
    if (tokens[next] !== "(") stop("'('");
    next++;
    const found: string[] = [];
    while (tokens[next] !== ")") {
      if (tokens[next] === ",") next++;
      else found.push(word());
    }
    next++;
    return found;
  };
  const valueAfter = (): string => {
    next++;
    const token = tokens[next];
    return token === undefined || token === "," ? "" : word();
  };
  while (next < tokens.length) {
    if (tokens[next] === "!") {
      next++;
      const key = word();
      tests.push((labels) => labels[key] === undefined);
    } else {
      const key = word();
      const operator = tokens[next];
      if (operator === "=" || operator === "==") {
        const value = valueAfter();
        tests.push((labels) => labels[key] === value);
      } else if (operator === "!=") {
        const value = valueAfter();
        tests.push((labels) => labels[key] !== value);
      } else if (operator === "in" || operator === "notin") {
        next++;
        const list = values();
        const want = operator === "in";
        tests.push((labels) => (labels[key] !== undefined && list.includes(labels[key])) === want);
      } else tests.push((labels) => labels[key] !== undefined);
    }
    if (next < tokens.length) {
      if (tokens[next] !== ",") stop("',' or 'end of string'");
      next++;
    }
  }
  return (labels) => tests.every((test) => test(labels));
}

/** Throws StatusError 400 on a field the kind cannot be selected by. */
export function parseFieldSelector(resource: Resource, text: string): Test<Obj> {
  const fields: Record<string, (object: Obj) => string> = {
    "metadata.name": (object) => object.metadata.name,
    "metadata.namespace": (object) => object.metadata.namespace ?? "",
    ...resource.rules.fieldSelectors,
  };
  const tests = text
    .split(",")
    .filter((part) => part !== "")
    .map((part): Test<Obj> => {
      const match = /^([^=!]+)(==|!=|=)(.*)$/.exec(part);
      if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      const [, name = "", operator, value = ""] = match;
      const read = fields[name];
      if (!read) {
        const known = Object.keys(fields).map((field) => JSON.stringify(field));
        throw badRequest(`${JSON.stringify(name)} is not a known field selector: only ${known.join(", ")}`);
      }
      return (object) => (read(object) === value) === (operator !== "!=");
    });
  return (object) => tests.every((test) => test(object));
}

/** Both selectors of a list or watch; undefined when neither is given. */
export function selection(resource: Resource, query: Readonly<Record<string, string>>): Test<Obj> | undefined {
  const byLabel = query.labelSelector ? parseLabelSelector(query.labelSelector) : undefined;
  const byField = query.fieldSelector ? parseFieldSelector(resource, query.fieldSelector) : undefined;
  if (!byLabel && !byField) return undefined;
  return (object) => (byLabel?.(object.metadata.labels ?? {}) ?? true) && (byField?.(object) ?? true);
}
