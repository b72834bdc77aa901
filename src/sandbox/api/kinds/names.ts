/** What a name, a label and an annotation may look like (apimachinery util/validation), and why not. */

import type { Obj } from "../../types.ts";
import { equal } from "../json.ts";
import type { FieldError } from "../status.ts";
import { immutable, prohibited, required, wrong } from "../status.ts";

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const SUBDOMAIN_RE = whole(SUBDOMAIN);
const LABEL_RE = whole(LABEL);
const DNS_1035_RE = whole(DNS_1035);
const QUALIFIED_RE = whole(QUALIFIED);

export function nameIsSubdomain(name: string): string | undefined {
  if (name.length > 253) return "must be no more than 253 bytes";
  if (SUBDOMAIN_RE.test(name)) return undefined;
  return `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
}

export function nameIsLabel(name: string): string | undefined {
  if (name.length > 63) return "must be no more than 63 bytes";
  if (LABEL_RE.test(name)) return undefined;
  return `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
}

export function nameIsDns1035(name: string): string | undefined {
  if (name.length > 63) return "must be no more than 63 bytes";
  if (DNS_1035_RE.test(name)) return undefined;
  return `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${DNS_1035}')`;
}

/** RBAC names may hold anything that fits into a path. */
export function nameIsPathSegment(name: string): string | undefined {
  if (name === "." || name === "..") return `may not be '${name}'`;
  for (const char of ["/", "%"]) if (name.includes(char)) return `may not contain '${char}'`;
  return undefined;
}

export function qualifiedName(key: string): string | undefined {
  const slash = key.indexOf("/");
  const name = slash < 0 ? key : key.slice(slash + 1);
  if (slash === 0) return "prefix part must be non-empty";
  if (slash > 0) {
    const problem = nameIsSubdomain(key.slice(0, slash));
    if (problem) return `prefix part ${problem}`;
  }
  if (name === "") return "name part must be non-empty";
  if (name.length > 63) return "name part must be no more than 63 bytes";
  if (QUALIFIED_RE.test(name)) return undefined;
  return `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
}

export function labelValue(value: string): string | undefined {
  if (value.length > 63) return "must be no more than 63 bytes";
  if (value === "" || QUALIFIED_RE.test(value)) return undefined;
  return `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${QUALIFIED})?')`;
}

export function labelErrors(labels: Readonly<Record<string, string>> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    const badKey = qualifiedName(key);
    if (badKey) errors.push(wrong(field, key, badKey));
    const badValue = labelValue(value);
    if (badValue) errors.push(wrong(field, value, badValue));
  }
  return errors;
}

/** Errors in the metadata of any object. */
export function metadataErrors(object: Obj, checkName: (name: string) => string | undefined): FieldError[] {
  const { metadata } = object;
  const errors: FieldError[] = [];
  if (!metadata.name) errors.push(required("metadata.name", "name or generateName is required"));
  else {
    const problem = checkName(metadata.name);
    if (problem) errors.push(wrong("metadata.name", metadata.name, problem));
  }
  errors.push(...labelErrors(metadata.labels, "metadata.labels"));
  for (const key of Object.keys(metadata.annotations ?? {})) {
    const problem = qualifiedName(key.toLowerCase());
    if (problem) errors.push(wrong("metadata.annotations", key, problem));
  }
  for (const finalizer of metadata.finalizers ?? []) {
    const problem = qualifiedName(finalizer);
    if (problem) errors.push(wrong("metadata.finalizers", finalizer, problem));
  }
  return errors;
}

/** Errors of an update's metadata. The server finds each twice, in the generic and in the kind's own validation. */
export function metadataUpdateErrors(object: Obj, old: Obj): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ["name", "namespace", "uid", "creationTimestamp"] as const)
    if (object.metadata[field] !== old.metadata[field])
      errors.push(immutable(`metadata.${field}`, object.metadata[field]));
  if (old.metadata.deletionTimestamp !== undefined) {
    const late = (object.metadata.finalizers ?? []).filter((name) => !(old.metadata.finalizers ?? []).includes(name));
    if (late.length > 0 && !equal(object.metadata.finalizers, old.metadata.finalizers)) {
      const shown = late.map((name) => JSON.stringify(name)).join(", ");
      errors.push(
        prohibited(
          "metadata.finalizers",
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${shown}}`,
        ),
      );
    }
  }
  return [...errors, ...errors];
}

const SUFFIX = "bcdfghjklmnpqrstvwxz2456789";
/** A short random name part, of the letters the server uses. */
export const randomSuffix = (): string =>
  Array.from({ length: 5 }, () => SUFFIX[Math.floor(Math.random() * SUFFIX.length)]).join("");
