import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { KeyType } from "./types.ts";

/** A new private key, PEM (PKCS #8): ECDSA P-256 or RSA 2048. */
export const makeKey = async (type: KeyType): Promise<string> => {
  const { privateKey } = await (type === "rsa"
    ? promisify(generateKeyPair)("rsa", { modulusLength: 2048 })
    : promisify(generateKeyPair)("ec", { namedCurve: "P-256" }));
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
};
