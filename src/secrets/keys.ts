/** Keys whose value is a secret wherever they stand, written without case and punctuation. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  "token",
  "accesstoken",
  "idtoken",
  "refreshtoken",
  "sessiontoken",
  "bearertoken",
  "password",
  "passphrase",
  "clientkeydata",
  "clientsecret",
  "privatekey",
  "secretaccesskey",
  "authorization",
]);

/** Endings by which a variable, a header or a field of a file tells the same of itself. */
const ENDINGS =
  /(?:token|password|passwd|passphrase|secretkey|secretaccesskey|privatekey|keydata|apikey|hmackey|clientsecret|tsigsecret|sharedsecret|appsecret|apisecret|webhooksecret|encryptionkey|signingkey|cookie|authorization|signature|identitytoken)$/;

/** `VAULT_PASS`, `MYSQL_PWD`; `PWD` alone is a folder. */
const SHORT = /[_-](?:pass|pwd)$/i;

/** Not a secret, but the name of one, or where it lies. */
const NAMES = /(?:certificateauthoritydata|clientcertificatedata|continuetoken)$/;

const letters = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, "");

/** A key of an object, exactly. */
export const isSecretKey = (key: string): boolean => SECRET_KEYS.has(key.toLowerCase().replace(/[^a-z]/g, ""));

/** The name of a variable, option, header or field in a text: `AWS_SECRET_ACCESS_KEY`, `X-Amz-Security-Token`. */
export const isSecretName = (name: string): boolean => {
  const bare = letters(name);
  return (ENDINGS.test(bare) || SHORT.test(name)) && !NAMES.test(bare);
};

/**
 * A field of a JSON file or a variable of the environment. Unlike in a text, one that ends in "secret" holds one, other than those of
 * ours that say which Secret.
 */
export const isSecretField = (name: string): boolean =>
  isSecretKey(name) || isSecretName(name) || name === "auth" || (/secret$/i.test(name) && !/^KN_BOOTSTRAP_/.test(name));
