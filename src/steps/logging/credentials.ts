import { OUTPUT_CREDENTIALS } from "../../checks/logging/names.ts";
import { at, isRecord, type KubeObject } from "../../ports/object.ts";
import type { Held } from "./fluent-bit.ts";

/** Keys of the Secret: what Fluent Bit shows its output, and the root of the output's certificate (PEM). */
export interface OutputCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly "ca.crt"?: string;
}

/** As it should be: what the environment says now, else what is kept. Undefined: neither. */
export const outputSecret = (
  given: OutputCredentials | undefined,
  kept: KubeObject | undefined,
): KubeObject | undefined => {
  const data = given
    ? Object.fromEntries(Object.entries(given).map(([key, text]) => [key, Buffer.from(text).toString("base64")]))
    : kept?.data;
  return isRecord(data) ? secretOf(OUTPUT_CREDENTIALS, data) : undefined;
};

export const secretOf = (
  { apiVersion, kind, namespace = "", name }: typeof OUTPUT_CREDENTIALS,
  data: Readonly<Record<string, unknown>>,
): KubeObject => ({ apiVersion, kind, metadata: { namespace, name }, type: "Opaque", data });

export const heldIn = (secret: KubeObject | undefined): Held => {
  const has = (key: string): boolean => at(secret, "data", key) !== undefined;
  return { password: has("password"), token: has("token"), ca: has("ca.crt") };
};
