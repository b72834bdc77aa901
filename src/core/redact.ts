import { isRecord } from "../ports/object.ts";
import { withWords } from "../ports/shell.ts";

const MASK = "[redacted]";

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

const isSecretKey = (key: string): boolean => SECRET_KEYS.has(key.toLowerCase().replace(/[^a-z]/g, ""));

const PATTERNS: readonly (readonly [RegExp, string | ((match: string) => string)])[] = [
  // The end may be missing: a text that was cut off is as secret as a whole one.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  // The same in base64, as Secrets and kubeconfigs carry it: everything that begins with "-----BEGI".
  [/LS0tLS1CRUdJ[A-Za-z0-9+/=]+/g, (match) => (Buffer.from(match, "base64").includes("PRIVATE KEY") ? MASK : match)],
  [/\b(Bearer) +[\w.~+/=-]{16,}/gi, `$1 ${MASK}`],
  [/\b(Authorization:\s*\w+) +\S+/gi, `$1 ${MASK}`],
  // A JSON Web Token: two or three base64url parts of which the first is a JSON object.
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, MASK],
  // What `aws eks get-token` returns: a presigned URL in base64url.
  [/\bk8s-aws-v1\.[\w-]+/g, MASK],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${MASK}@`],
  [/("(?:token|password|client-key-data|clientKeyData)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi, `$1"${MASK}"`],
  [/\b(token|password|client-key-data)=[^\s&"',;]+/gi, `$1=${MASK}`],
];

/** A text without private keys, bearer tokens and passwords. */
export const redactText = (text: string): string =>
  PATTERNS.reduce((rest, [pattern, mask]) => rest.replace(pattern, mask as string), text);

/** Every text below a secret key. Structure stays, so that one sees what was there. */
const maskAll = (value: unknown): unknown => {
  if (typeof value === "string" || typeof value === "number") return MASK;
  if (Array.isArray(value)) return value.map(maskAll);
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskAll(inner)]))
    : value;
};

/** kubectl keeps a copy of the whole object there. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Whether a field difference (`.data["tls.key"]`, `.users[0].token`) is about a secret. */
const isSecretPath = (path: string, ofSecret: boolean): boolean =>
  (ofSecret && (/^\.(data|stringData)\b/.test(path) || path.includes(LAST_APPLIED))) ||
  path.split(/[.[\]]+/).some((part) => part !== "" && isSecretKey(part));

const walk = (value: unknown, ofSecret: boolean): unknown => {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, ofSecret));
  if (!isRecord(value)) return value;
  const isSecret = value.kind === "Secret" && typeof value.apiVersion === "string";
  // A change or difference says in `object` what it is about.
  const about = ofSecret || (isRecord(value.object) && value.object.kind === "Secret");
  const hidden = typeof value.path === "string" && isSecretPath(value.path, about);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const masked =
        isSecretKey(key) ||
        (isSecret && (key === "data" || key === "stringData")) ||
        (hidden && (key === "from" || key === "to")) ||
        key === LAST_APPLIED;
      // A mask over the text of a command could take one of its quotes.
      if (key === "command" && typeof inner === "string" && !masked) return [key, withWords(inner, redactText)];
      return [key, masked ? maskAll(inner) : walk(inner, about)];
    }),
  );
};

/**
 * A copy for everything that leaves the process: without private keys, bearer tokens, the data of Secrets and what stands under
 * a key such as `token`, `password` or `client-key-data`.
 */
export const redact = <T>(value: T): T => walk(value, false) as T;
