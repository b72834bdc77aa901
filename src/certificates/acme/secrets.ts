import { createHash } from "node:crypto";
import { HOME, withOwner } from "../../kube/inventory.ts";
import { sizeOf } from "../../ports/bounded.ts";
import { UserError } from "../../ports/error.ts";
import { dataOf, type KubeObject, type ObjectRef } from "../../ports/object.ts";
import { sh } from "../../ports/shell.ts";

/** Ten hexadecimal digits: enough to tell apart what one cluster ever has. */
export const shortHash = (...parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 10);

export const secretRef = (name: string): ObjectRef => ({ apiVersion: "v1", kind: "Secret", namespace: HOME, name });

/** An Opaque Secret of ours in namespace kn-bootstrap. */
export const opaque = (
  name: string,
  data: Readonly<Record<string, string | undefined>>,
  more: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> } = {},
): KubeObject =>
  withOwner(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: HOME, ...more },
      type: "Opaque",
      data: encoded(data),
    },
    "certificate",
  );

/** Of all values of a Secret together, decoded. Source: k8s.io/api/core/v1, MaxSecretSize. */
const MOST = 2 ** 20;

/** `data` of a Secret. Throws UserError `certificate.too-large` (exit 1) for more than the API server takes, before it is sent. */
export const encoded = (data: Readonly<Record<string, string | undefined>>): Record<string, string> => {
  const entries = Object.entries(data).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, Buffer.from(value)] as const],
  );
  if (entries.reduce((size, [, value]) => size + value.length, 0) > MOST) throw tooLarge(Object.keys(data));
  return Object.fromEntries(entries.map(([key, value]) => [key, value.toString("base64")]));
};

const tooLarge = (keys: readonly string[]): UserError =>
  new UserError({
    id: "certificate.too-large",
    what: `A Secret with ${keys.join(", ")} would be larger than ${sizeOf(MOST)}, and was not written.`,
    why: "The API server takes no larger one, and what must not be lost is written before it is used.",
    remedy: {
      text: "Take fewer namespaces at a time, so that there are fewer names:",
      command: sh`kn-bootstrap plan --namespaces NAME,NAME`,
    },
    kind: "failed",
  });

/** One entry of `data`, decoded. Undefined: absent or empty. */
export const textOf = (secret: KubeObject | undefined, key: string): string | undefined =>
  Buffer.from(dataOf(secret)[key] ?? "", "base64").toString() || undefined;
