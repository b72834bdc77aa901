import { isIPv6 } from "node:net";
import { textOf } from "../../ports/bounded.ts";
import { messageOf, UserError } from "../../ports/error.ts";
import { joined, sh } from "../../ports/shell.ts";
import { encodeName } from "./names.ts";
import { ALGORITHMS, type Key } from "./tsig.ts";

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly key: Key;
  /** Questions are asked without a signature, and their answers believed: what reaches us may then be anybody's. Updates stay signed. */
  readonly plainQuestions?: true;
}

type Env = Readonly<Record<string, string | undefined>>;

const EXAMPLE = joined("\n", [
  sh`export RFC2136_NAMESERVER=ns1.example.com`,
  sh`export RFC2136_TSIG_KEY=kn-bootstrap RFC2136_TSIG_SECRET=…`,
]);

const wrong = (
  what: string,
  why?: string,
  text = "Set them as the administrator of the name server gave them to you:",
) =>
  new UserError({
    id: "rfc2136.settings",
    what,
    ...(why === undefined ? {} : { why }),
    remedy: { text, command: EXAMPLE },
    kind: "input",
  });

/** `ns1.example.com`, `192.0.2.53:5353`, `[2001:db8::53]:5353`, `2001:db8::53`; the port is 53 by default. */
const addressOf = (text: string): Pick<Settings, "host" | "port"> => {
  if (isIPv6(text)) return { host: text, port: 53 };
  const [, six, name, port = "53"] = /^(?:\[([^\]]+)\]|([^:[\]\s/]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = six ?? name;
  if (!host || (six !== undefined && !isIPv6(six)) || Number(port) < 1 || Number(port) > 65_535)
    throw wrong(`RFC2136_NAMESERVER=${text} is no host or host:port.`);
  return { host, port: Number(port) };
};

const algorithmOf = (text: string, where: string): string => {
  const algorithm = text.toLowerCase().replace(/\.$/, "");
  if (!(algorithm in ALGORITHMS))
    throw wrong(`${where} "${text}" is not supported.`, `Supported are ${Object.keys(ALGORITHMS).join(", ")}.`);
  return algorithm;
};

const keyName = (text: string): string => {
  try {
    encodeName(text);
  } catch (error) {
    throw wrong(`The name of the TSIG key does not work: ${messageOf(error)}.`);
  }
  return text.toLowerCase().replace(/\.$/, "");
};

/** `where` names the setting. The value itself must not be shown. */
const secretOf = (text: string, where: string): Buffer => {
  const compact = text.replace(/\s+/g, "");
  const secret = Buffer.from(compact, "base64");
  if (secret.length === 0 || secret.toString("base64").replace(/=+$/, "") !== compact.replace(/=+$/, ""))
    throw wrong(`${where} is not base64.`, "It must be the secret as tsig-keygen or keymgr printed it.");
  return secret;
};

interface KeyStatement {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: string;
}

/** Every complete `key` statement of a BIND configuration or key file. */
export const keysIn = (text: string): readonly KeyStatement[] => {
  const bare = text.replace(/"[^"]*"|\/\*.*?(?:\*\/|$)|(?:\/\/|#)[^\n]*/gs, (part) =>
    part.startsWith('"') ? part : " ",
  );
  return [...bare.matchAll(/\bkey\s+"?([^\s"{]+)"?\s*\{([^{}]*)\}/g)].flatMap(([, name = "", body = ""]) => {
    const field = (word: string): string | undefined =>
      new RegExp(`(?:^|[\\s;])${word}\\s+(?:"([^"]*)"|([^\\s;"]+))`)
        .exec(body)
        ?.slice(1)
        .find((part) => part);
    const [algorithm, secret] = [field("algorithm"), field("secret")];
    return algorithm && secret ? [{ name, algorithm, secret }] : [];
  });
};

const fromFile = async (path: string, wanted: string | undefined): Promise<Key> => {
  const text = await textOf(path).catch((error: unknown) => {
    throw wrong(`RFC2136_TSIG_FILE=${path} cannot be read.`, messageOf(error), "Give a file that this user can read:");
  });
  const keys = keysIn(text);
  const name = wanted === undefined ? undefined : keyName(wanted);
  const [key, ...more] = keys.filter((each) => name === undefined || keyName(each.name) === name);
  if (!key)
    throw wrong(
      `RFC2136_TSIG_FILE=${path} holds no key${wanted === undefined ? "" : ` "${wanted}"`}.`,
      'Expected is: key "name" { algorithm hmac-sha256; secret "…"; };',
    );
  if (more.length > 0)
    throw wrong(
      `RFC2136_TSIG_FILE=${path} holds ${keys.length} keys: ${keys.map((each) => each.name).join(", ")}.`,
      undefined,
      "Say which one by RFC2136_TSIG_KEY:",
    );
  return {
    name: keyName(key.name),
    algorithm: algorithmOf(key.algorithm, `The algorithm in ${path},`),
    secret: secretOf(key.secret, `The secret of key "${key.name}" in ${path}`),
  };
};

/**
 * RFC2136_NAMESERVER, RFC2136_PLAIN_QUESTIONS (`yes`), and RFC2136_TSIG_KEY with RFC2136_TSIG_SECRET and RFC2136_TSIG_ALGORITHM (default hmac-sha256),
 * or RFC2136_TSIG_FILE, where RFC2136_TSIG_KEY then chooses among several. Empty counts as not set. UserError when one
 * is missing or malformed; never with the secret in it.
 */
export const readSettings = async (env: Env): Promise<Settings> => {
  const get = (name: string): string | undefined => env[`RFC2136_${name}`]?.trim() || undefined;
  const [server, file, name, secret] = [get("NAMESERVER"), get("TSIG_FILE"), get("TSIG_KEY"), get("TSIG_SECRET")];
  const missing = [
    ...(server === undefined ? ["RFC2136_NAMESERVER"] : []),
    ...(file === undefined && name === undefined ? ["RFC2136_TSIG_KEY"] : []),
    ...(file === undefined && secret === undefined ? ["RFC2136_TSIG_SECRET"] : []),
  ];
  if (server === undefined || missing.length > 0)
    throw wrong(
      `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not set.`,
      "The rfc2136 provider changes a zone by DNS UPDATE, signed with a TSIG key; RFC2136_TSIG_FILE can name a BIND key file.",
    );
  if (file !== undefined && secret !== undefined)
    throw wrong("RFC2136_TSIG_FILE and RFC2136_TSIG_SECRET are both set.", undefined, "Keep one of them, as in:");
  const plain = get("PLAIN_QUESTIONS");
  if (plain !== undefined && plain !== "yes")
    throw wrong(`RFC2136_PLAIN_QUESTIONS=${plain} is not understood.`, undefined, "Set it to yes, or leave it out:");
  const address = { ...addressOf(server), ...(plain === "yes" ? { plainQuestions: true as const } : {}) };
  if (file !== undefined) return { ...address, key: await fromFile(file, name) };
  return {
    ...address,
    key: {
      name: keyName(name ?? ""),
      algorithm: algorithmOf(get("TSIG_ALGORITHM") ?? "hmac-sha256", "RFC2136_TSIG_ALGORITHM"),
      secret: secretOf(secret ?? "", "RFC2136_TSIG_SECRET"),
    },
  };
};
