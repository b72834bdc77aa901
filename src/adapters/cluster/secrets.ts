import { at, isRecord } from "../../ports/object.ts";
import type { Learn } from "../../ports/secrets.ts";
import type { ClusterTarget } from "./target.ts";

/** What a kubeconfig holds to log in with. */
export const learnLogin = ({ login, proxy }: ClusterTarget, learn: Learn): void => {
  const { token, basic, key, provider, plugin } = login;
  learn(token, basic?.password, basic && `${basic.username}:${basic.password}`, proxy);
  if (key && "text" in key) learn(key.text);
  // These are recognised by their names.
  for (const fields of [provider, plugin?.env, plugin?.cluster?.config, ...namedIn(plugin?.args ?? [])])
    learn(fields ? JSON.stringify(fields) : undefined);
};

/** `--client-secret X`, `--client-secret=X` */
const namedIn = (args: readonly string[]): readonly Readonly<Record<string, string>>[] =>
  args.flatMap((arg, index) => {
    const [, name, value = args[index + 1]] = /^--?([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    return name !== undefined && value !== undefined ? [{ [name]: value }] : [];
  });

/** The data of a Secret, or of a list of them, that was read or is sent. */
export const learnSecrets = (body: unknown, learn: Learn): void => {
  if (!isRecord(body)) return;
  if (body.kind === "SecretList" && Array.isArray(body.items)) for (const item of body.items) learnData(item, learn);
  if (body.kind === "Secret") learnData(body, learn);
};

/** Of data no name says whether it is secret. Addresses lie beside credentials, and are what messages are about. */
const learnData = (secret: unknown, learn: Learn): void => {
  const data = Object.values(at(secret, "data") ?? {}).map((text) => Buffer.from(String(text), "base64"));
  const texts = Object.values(at(secret, "stringData") ?? {}).map((text) => Buffer.from(String(text)));
  for (const bytes of [...data, ...texts]) if (!isAddress(bytes.toString().trim())) learn(bytes);
};

const HOST = /^(?:[a-z0-9_-]{1,63}\.){1,20}[a-z][a-z0-9-]{0,62}\.?(?::\d{1,5})?$/;
const NUMBERS = /^[\d.]{1,15}(?::\d{1,5})?$|^\[?[0-9a-f]{0,4}:[0-9a-f:.]{1,40}\]?(?::\d{1,5})?$/;
const URL_WITHOUT_LOGIN = /^[a-z][a-z0-9+.-]{0,20}:\/\/[^\s@]*$/;

const isAddress = (text: string): boolean =>
  URL_WITHOUT_LOGIN.test(text) || (text.length < 256 && (HOST.test(text) || NUMBERS.test(text)));
