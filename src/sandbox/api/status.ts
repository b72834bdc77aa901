/** The Status objects with which the API server refuses, in its own words (k8s.io/apimachinery api/errors, util/validation/field). */

import { StatusError } from "../types.ts";
import { sorted } from "./json.ts";

export interface Cause {
  reason?: string;
  message: string;
  field?: string;
}

/** What errors call a resource: the plural name and its group. */
export interface Named {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

export interface Details {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: readonly Cause[];
  retryAfterSeconds?: number;
}

export function refuse(code: number, reason: string | undefined, message: string, details?: Details): StatusError {
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  });
}

/** The body a refusal is sent as. */
export const bodyOf = (error: StatusError): object => {
  const { kind, apiVersion, ...rest } = error.status;
  return { kind, apiVersion, metadata: {}, ...rest };
};

/** e.g. `deployments.apps`. */
export const groupResource = (res: Named): string => (res.group === "" ? res.plural : `${res.plural}.${res.group}`);
const groupKind = (group: string, kind: string): string => (group === "" ? kind : `${kind}.${group}`);
const withGroup = (group: string): Details => (group === "" ? {} : { group });
const about = (res: Named, name: string): Details => ({
  ...(name === "" ? {} : { name }),
  ...withGroup(res.group),
  kind: res.plural,
});

export const notFound = (res: Named, name: string): StatusError =>
  refuse(404, "NotFound", `${groupResource(res)} "${name}" not found`, about(res, name));

export const noSuchResource = (): StatusError =>
  refuse(404, "NotFound", "the server could not find the requested resource", {});

export const alreadyExists = (res: Named, name: string, deleting: boolean): StatusError =>
  refuse(
    409,
    "AlreadyExists",
    `${deleting ? "object is being deleted: " : ""}${groupResource(res)} "${name}" already exists`,
    about(res, name),
  );

const conflict = (res: Named, name: string, why: string): StatusError =>
  refuse(409, "Conflict", `Operation cannot be fulfilled on ${groupResource(res)} "${name}": ${why}`, about(res, name));

export const modified = (res: Named, name: string): StatusError =>
  conflict(res, name, "the object has been modified; please apply your changes to the latest version and try again");

/** The uid of a replace is its precondition, looked at before anything else. `found` is empty when there is no object. */
export const uidMismatch = (res: Named, namespace: string, name: string, uid: string, found: string): StatusError => {
  const key = ["/registry", STORED_AT[res.plural] ?? res.plural, namespace, name].filter((part) => part !== "");
  const why = `StorageError: invalid object, Code: 4, Key: ${key.join("/")}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`;
  return conflict(res, name, why);
};

const STORED_AT: Readonly<Record<string, string>> = {
  services: "services/specs",
  endpoints: "services/endpoints",
  nodes: "minions",
};

/** An apply may name the uid of the object that it is meant for. */
export const uidWithoutObject = (res: Named, name: string, uid: string): StatusError =>
  conflict(res, name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);

/** Unlike other conflicts, failed preconditions of a delete name the kind. */
export const preconditionFailed = (res: Named, name: string, why: string): StatusError =>
  refuse(409, "Conflict", `Operation cannot be fulfilled on ${groupKind(res.group, res.kind)} "${name}": ${why}`, {
    name,
    ...withGroup(res.group),
    kind: res.kind,
  });

export const badRequest = (message: string): StatusError => refuse(400, "BadRequest", message);

export const forbidden = (res: Named, name: string, why: string, causes?: readonly Cause[]): StatusError =>
  refuse(403, "Forbidden", `${groupResource(res)}${name === "" ? "" : ` "${name}"`} is forbidden: ${why}`, {
    ...about(res, name),
    ...(causes ? { causes } : {}),
  });

export const methodNotAllowed = (): StatusError =>
  refuse(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

/** An error without a reason, as the server answers when a plain Go error reaches the wire. */
export const internal = (message: string): StatusError => refuse(500, undefined, message);

export const webhookFailed = (message: string): StatusError =>
  refuse(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });

/* Field errors. */

export interface FieldError {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

const shown = (value: unknown): string => sorted(value);

export const required = (field: string, detail = ""): FieldError => ({
  reason: "FieldValueRequired",
  field,
  message: `Required value${detail === "" ? "" : `: ${detail}`}`,
});
export const wrong = (field: string, value: unknown, detail: string): FieldError => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${shown(value)}: ${detail}`,
});
/** `text` stands for the value, e.g. its type or a Go struct. */
export const wrongText = (field: string, text: string, detail: string): FieldError => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${text}: ${detail}`,
});
export const wrongType = (field: string, type: string, detail: string): FieldError => ({
  reason: "FieldValueTypeInvalid",
  field,
  message: `Invalid value: "${type}": ${detail}`,
});
export const unsupported = (field: string, value: unknown, supported: readonly unknown[]): FieldError => ({
  reason: "FieldValueNotSupported",
  field,
  message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(", ")}`,
});
export const prohibited = (field: string, detail: string): FieldError => ({
  reason: "FieldValueForbidden",
  field,
  message: `Forbidden: ${detail}`,
});
export const duplicated = (field: string, value: unknown): FieldError => ({
  reason: "FieldValueDuplicate",
  field,
  message: `Duplicate value: ${shown(value)}`,
});
export const immutable = (field: string, value: unknown): FieldError => wrong(field, value, "field is immutable");

/** 422. `kind` may also be a plural name or empty: the server is not consistent there. */
export function invalid(group: string, kind: string, name: string, errors: readonly FieldError[]): StatusError {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return refuse(422, "Invalid", `${groupKind(group, kind)} "${name}" is invalid: ${text}`, {
    ...(name === "" ? {} : { name }),
    ...withGroup(group),
    ...(kind === "" ? {} : { kind }),
    causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}
