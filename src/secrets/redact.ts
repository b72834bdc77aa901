import { isRecord } from "../ports/object.ts";
import { withWords } from "../ports/shell.ts";
import { isSecretKey, isSecretName } from "./keys.ts";
import { MASK, redactText } from "./looks.ts";

export { redactText } from "./looks.ts";

/** Every text below a secret key. Structure stays, so that one sees what was there. */
const maskAll = (value: unknown): unknown => {
  if (typeof value === "string" || typeof value === "number") return MASK;
  if (Array.isArray(value)) return value.map(maskAll);
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskAll(inner)]))
    : value;
};

/** RFC 7518 §6.2.2, §6.3.2, §6.4.1 */
const PRIVATE_PARTS: ReadonlySet<string> = new Set(["d", "p", "q", "dp", "dq", "qi", "oth", "k"]);

/** kubectl keeps a copy of the whole object there. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Of a label's or annotation's key it is the domain, such as `rbac.authorization.k8s.io/`, and tells nothing about the value. */
const PREFIX = /"[\w.-]+\//g;

/** Whether a field difference (`.data["tls.key"]`, `.users[0].token`) is about a secret. */
const isSecretPath = (path: string, ofSecret: boolean): boolean =>
  (ofSecret && (/^\.(data|stringData)\b/.test(path) || path.includes(LAST_APPLIED))) ||
  path
    .replace(PREFIX, '"')
    .split(/[.[\]]+/)
    .some((part) => part !== "" && isSecretKey(part)) ||
  [...path.matchAll(/\[name="([A-Z0-9_]+)"\]\.value\b/g)].some(([, name = ""]) => isSecretName(name));

const walk = (value: unknown, ofSecret: boolean): unknown => {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, ofSecret));
  if (!isRecord(value)) return value;
  const isSecret = value.kind === "Secret" && typeof value.apiVersion === "string";
  // A change or difference says in `object` what it is about.
  const about = ofSecret || (isRecord(value.object) && value.object.kind === "Secret");
  const isVariable = typeof value.name === "string" && /^[A-Z0-9_]+$/.test(value.name) && isSecretName(value.name);
  const isJsonWebKey = typeof value.kty === "string";
  const hidden = typeof value.path === "string" && isSecretPath(value.path, about);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const masked =
        isSecretKey(key) ||
        (isVariable && key === "value") ||
        (isJsonWebKey && PRIVATE_PARTS.has(key)) ||
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
