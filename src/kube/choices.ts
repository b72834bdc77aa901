import { dataOf, isRecord, type KubeObject } from "../ports/object.ts";

/** Key of the state ConfigMap: what was chosen, as JSON. */
export const CHOSEN = "choices";
/** Key of the state ConfigMap: the root of a private ACME CA, because who renews has no file of it. */
export const AUTHORITY_ROOT = "acme-ca.pem";

/** Undefined: it is no JSON. */
export const parsed = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return undefined;
  }
};

export const recordIn = (text: string | undefined): Readonly<Record<string, unknown>> => {
  const value = parsed(text);
  return isRecord(value) ? value : {};
};

/** What the state ConfigMap says was chosen, as it was written; empty where nothing of ours is. */
export const choicesOf = (state: KubeObject | undefined): Readonly<Record<string, unknown>> =>
  recordIn(dataOf(state)[CHOSEN]);
