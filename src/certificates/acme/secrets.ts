import { createHash } from "node:crypto";
import { HOME, withOwner } from "../../core/inventory.ts";
import { dataOf, type KubeObject, type ObjectRef } from "../../ports/object.ts";

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

export const encoded = (data: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, Buffer.from(value).toString("base64")]],
    ),
  );

/** One entry of `data`, decoded. Undefined: absent or empty. */
export const textOf = (secret: KubeObject | undefined, key: string): string | undefined =>
  Buffer.from(dataOf(secret)[key] ?? "", "base64").toString() || undefined;
