import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** No PEM begins like this, so that nobody takes it for a key with which something can be served. */
const MARK = "the public half of a private key that is left out\n";

/** What can stand in a private key's place where the key itself must not be. Throws for what is no private key that can be read. */
export const publicHalfOf = (privateKey: string): string =>
  MARK + createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "pem" });

/** The public key of a private one, in PEM, or of what {@link publicHalfOf} has left of it. Throws for anything else. */
export const publicKeyOf = (text: string): KeyObject =>
  createPublicKey(text.startsWith(MARK) ? text.slice(MARK.length) : createPrivateKey(text));
