import { createHash, pbkdf2Sync, randomBytes, X509Certificate } from "node:crypto";
import { ELASTIC_CREDENTIALS, ELASTICSEARCH, LOGGING } from "../../checks/logging/names.ts";
import { dataOf, isRecord, type KubeObject } from "../../ports/object.ts";
import { secretOf } from "./credentials.ts";

/** People log in as this one, in Kibana too. */
export const SUPERUSER = "elastic";
export const FILEBEAT_USER = "filebeat";

/** Keys of the Secret; those behind the first six are files of Elasticsearch. */
const KEYS = [
  ...["password", "filebeat-password", "kibana-token", "kibana-encryption-key"],
  ...["users", "users_roles", "service_tokens", "ca.crt", "tls.crt", "tls.key"],
];

const DAYS = { root: 3_650, leaf: 3_650 };
/** A certificate that has less left is made anew by the next install. */
const LEAST_DAYS_LEFT = 90;
const DAY = 86_400_000;

const COST = 10_000;

/**
 * A password as the file realm and the file of service tokens take it (elastic/elasticsearch, Hasher.java, PBKDF2_STRETCH_10000; cloud-on-k8s
 * pkg/controller/association/service_account.go).
 */
export const stretched = (password: string, salt: Buffer = randomBytes(32)): string => {
  const text = createHash("sha512").update(password).digest("hex");
  const hash = pbkdf2Sync(text, salt, COST, 32, "sha512");
  return `{PBKDF2_STRETCH}${COST}$${salt.toString("base64")}$${hash.toString("base64")}`;
};

const TOKEN = "kn-bootstrap";
/** Version 0.0.0.1 of the form of tokens (ServiceAccountToken.java). */
const TOKEN_PREFIX = Buffer.from([0, 1, 0, 1]);

const letters = (): string => randomBytes(24).toString("base64url");

/** Kept where all of it is there and its certificate lasts; made anew otherwise, the passwords kept. */
export const elasticSecret = async (kept: KubeObject | undefined, now: Date): Promise<KubeObject> => {
  const data = isRecord(kept?.data) ? (dataOf(kept) as Record<string, string>) : {};
  if (KEYS.every((key) => data[key]) && lasts(data["tls.crt"], now)) return secretOf(ELASTIC_CREDENTIALS, pick(data));
  return secretOf(ELASTIC_CREDENTIALS, encoded(await made(data, now)));
};

/** Whether its value will be the one that is kept: a plan needs none of the secrets for that. */
export const isKept = (kept: KubeObject | undefined, now: Date): boolean => {
  const data = dataOf(kept);
  return KEYS.every((key) => data[key]) && lasts(data["tls.crt"], now);
};

export const blankSecret = (value: string): KubeObject =>
  secretOf(ELASTIC_CREDENTIALS, Object.fromEntries(KEYS.map((key) => [key, value])));

const pick = (data: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(KEYS.map((key) => [key, data[key] ?? ""]));

const encoded = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));

const lasts = (certificate: string | undefined, now: Date): boolean => {
  try {
    const { validTo } = new X509Certificate(Buffer.from(certificate ?? "", "base64"));
    return Date.parse(validTo) - now.getTime() > LEAST_DAYS_LEFT * DAY;
  } catch {
    return false;
  }
};

const made = async (kept: Readonly<Record<string, string>>, now: Date): Promise<Record<string, string>> => {
  const { makeLeaf, makeRoot } = await import("../../certificates/x509.ts");
  const old = (key: string): string | undefined => kept[key] && Buffer.from(kept[key], "base64").toString();
  const password = old("password") ?? letters();
  const filebeat = old("filebeat-password") ?? letters();
  const secret = letters();
  const root = await makeRoot("kn-bootstrap logging", now, DAYS.root);
  const { name } = ELASTICSEARCH;
  const names = [
    `${name}.${LOGGING}.svc`,
    name,
    `${name}.${LOGGING}`,
    `${name}.${LOGGING}.svc.cluster.local`,
    "localhost",
  ];
  const leaf = await makeLeaf(root, names, now, DAYS.leaf, { alsoClient: true });
  return {
    password,
    "filebeat-password": filebeat,
    "kibana-token": Buffer.concat([TOKEN_PREFIX, Buffer.from(`elastic/kibana/${TOKEN}:${secret}`)]).toString("base64"),
    "kibana-encryption-key": old("kibana-encryption-key") ?? letters(),
    users: `${SUPERUSER}:${stretched(password)}\n${FILEBEAT_USER}:${stretched(filebeat)}\n`,
    users_roles: `superuser:${SUPERUSER}\nkn_filebeat:${FILEBEAT_USER}\n`,
    service_tokens: `elastic/kibana/${TOKEN}:${stretched(secret)}\n`,
    "ca.crt": root.certificate,
    "tls.crt": leaf.certificate,
    "tls.key": leaf.key,
  };
};
