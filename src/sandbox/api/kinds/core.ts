/** ConfigMaps, Secrets, Namespaces, Leases and other small kinds. */

import type { Obj } from "../../types.ts";
import { parseJson, SyntaxFailure } from "../go-json.ts";
import { equal, fieldsOf, fill, isFields } from "../json.ts";
import type { Rules } from "../resource.ts";
import type { FieldError } from "../status.ts";
import { forbidden, immutable, prohibited, required, wrong, wrongText } from "../status.ts";
import { nameIsLabel, nameIsSubdomain } from "./names.ts";

const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const MAX_SECRET = 1024 * 1024;

function dataErrors(object: Obj): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of [...Object.keys(fieldsOf(object.data)), ...Object.keys(fieldsOf(object.binaryData))])
    if (!CONFIG_KEY.test(key))
      errors.push(
        wrong(
          `data[${key}]`,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
      );
  return errors;
}

function frozenErrors(object: Obj, old: Obj | undefined, fields: readonly string[]): FieldError[] {
  if (old?.immutable !== true) return [];
  const errors: FieldError[] = [];
  if (object.immutable !== true) errors.push(prohibited("immutable", "field is immutable when `immutable` is set"));
  for (const field of fields)
    if (!equal(object[field], old[field])) errors.push(prohibited(field, "field is immutable when `immutable` is set"));
  return errors;
}

export const configMapRules: Rules = {
  name: nameIsSubdomain,
  validate: (object, old) => [...dataErrors(object), ...frozenErrors(object, old, ["data", "binaryData"])],
};

/** Keys that a Secret of a type must have. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};
const ACCOUNT = "kubernetes.io/service-account.name";

function secretErrors(object: Obj, old: Obj | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (old && object.type !== old.type) errors.push(immutable("type", object.type));
  errors.push(...frozenErrors(object, old, ["data"]));
  errors.push(...dataErrors(object));
  const data = fieldsOf(object.data);
  const size = Object.values(data).reduce<number>((sum, value) => sum + String(value).length * 0.75, 0);
  if (size > MAX_SECRET)
    errors.push({
      reason: "FieldValueTooLong",
      field: "data",
      message: `Too long: may not be more than ${MAX_SECRET} bytes`,
    });
  for (const key of REQUIRED_KEYS[String(object.type)] ?? [])
    if (data[key] === undefined) errors.push(required(`data[${key}]`));
    else if (key.startsWith(".docker")) errors.push(...jsonErrors(`data[${key}]`, String(data[key])));
  if (object.type === "kubernetes.io/service-account-token" && !object.metadata.annotations?.[ACCOUNT])
    errors.push(required(`metadata.annotations[${ACCOUNT}]`));
  return errors;
}

function jsonErrors(field: string, base64: string): FieldError[] {
  try {
    parseJson(Buffer.from(base64, "base64").toString("utf8"));
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    return [wrongText(field, '"<secret contents redacted>"', error.message)];
  }
}

export const secretRules: Rules = {
  name: nameIsSubdomain,
  defaults: (draft) => {
    if (isFields(draft.stringData)) {
      draft.data = { ...fieldsOf(draft.data) };
      for (const [key, text] of Object.entries(draft.stringData))
        draft.data[key] = Buffer.from(String(text)).toString("base64");
    }
    delete draft.stringData;
    fill(draft, { type: "Opaque" });
  },
  validate: secretErrors,
  warn: (object) => {
    if (object.type !== "kubernetes.io/tls") return [];
    const pem = (key: string): string =>
      Buffer.from(String(fieldsOf(object.data)[key] ?? ""), "base64").toString("latin1");
    if (!pem("tls.crt").includes("-----BEGIN ")) return ["tls: failed to find any PEM data in certificate input"];
    if (!pem("tls.key").includes("-----BEGIN ")) return ["tls: failed to find any PEM data in key input"];
    return [];
  },
  fieldSelectors: { type: (secret) => String(secret.type ?? "") },
};

/** Namespaces that must not be deleted. */
export const PROTECTED: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

export const namespaceRules: Rules = {
  name: nameIsLabel,
  defaults: (draft) => {
    const { name } = draft.metadata;
    if (name) draft.metadata.labels = { "kubernetes.io/metadata.name": name, ...draft.metadata.labels };
  },
  prepare: (draft, old) => {
    if (old) draft.spec = old.spec;
    else {
      draft.spec = { finalizers: ["kubernetes"] };
      draft.status = { phase: "Active" };
    }
  },
  fieldSelectors: { "status.phase": (namespace) => String(namespace.status?.phase ?? "") },
};

export const namespaceForbidden = (name: string): Error =>
  forbidden({ group: "", plural: "namespaces", kind: "Namespace" }, name, "this namespace may not be deleted");

export const serviceAccountRules: Rules = { name: nameIsSubdomain, returnsDeleted: true };

export const eventRules: Rules = {
  name: nameIsSubdomain,
  fieldSelectors: Object.fromEntries(
    ["kind", "namespace", "name", "uid", "apiVersion"]
      .map((field) => [`involvedObject.${field}`, (event: Obj) => String(event.involvedObject?.[field] ?? "")])
      .concat(
        ["reason", "type", "reportingComponent"].map((field) => [field, (event: Obj) => String(event[field] ?? "")]),
      ) as [string, (object: Obj) => string][],
  ),
};

export const leaseRules: Rules = {
  name: nameIsSubdomain,
  unconditional: false,
  createOnUpdate: true,
  validate: (object) => {
    const errors: FieldError[] = [];
    const { leaseDurationSeconds: seconds, leaseTransitions: moves } = fieldsOf(object.spec);
    if (typeof seconds === "number" && seconds <= 0)
      errors.push(wrong("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
    if (typeof moves === "number" && moves < 0)
      errors.push(wrong("spec.leaseTransitions", moves, "must be greater than or equal to 0"));
    return errors;
  },
};

export const claimRules: Rules = {
  name: nameIsSubdomain,
  returnsDeleted: true,
  defaults: (draft) => fill(fieldsOf(draft.spec), { volumeMode: "Filesystem" }),
  prepare: (draft, old) => {
    if (!old) draft.status = { phase: "Pending" };
  },
};
