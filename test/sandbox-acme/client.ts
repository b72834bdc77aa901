import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  sign,
} from "node:crypto";
import { Agent, request } from "node:https";

// biome-ignore lint/suspicious/noExplicitAny: answers of a server, looked into by tests
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  readonly text: string;
  /** Without `urn:ietf:params:acme:error:`. */
  readonly problem: string | undefined;
}

export interface Signing {
  readonly key?: KeyObject;
  readonly kid?: string | undefined;
  readonly jwk?: Json;
  readonly nonce?: string;
  readonly url?: string;
  readonly alg?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Changes the whole JWS before it is sent. */
  readonly tamper?: (jws: Json) => Json;
}

/** A client that can also do what no client should. */
export interface RawClient {
  readonly directory: Json;
  readonly key: KeyObject;
  readonly thumbprint: string;
  /** URL, once registered. */
  kid: string | undefined;
  readonly http: (
    method: string,
    url: string,
    body?: string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  readonly nonce: () => Promise<string>;
  /** `payload` undefined: POST-as-GET; a text is sent as it is. */
  readonly post: (url: string, payload?: Json, signing?: Signing) => Promise<Answer>;
  readonly register: (more?: Json) => Promise<Answer>;
  readonly order: (names: readonly string[], more?: Json) => Promise<Answer>;
  /** The authorizations of an order and what their DNS-01 records must hold. */
  readonly proofs: (
    order: Answer,
  ) => Promise<readonly { url: string; challenge: string; name: string; record: string; txt: string }[]>;
  /** Asks for an order until it is no longer processing, for an authorization until it is no longer pending. */
  readonly settled: (url: string) => Promise<Answer>;
  readonly close: () => void;
}

export const ecKey = (): KeyPairKeyObjectResult => generateKeyPairSync("ec", { namedCurve: "P-256" });

export const jwkOf = (key: KeyObject): Json => createPublicKey(key).export({ format: "jwk" });

export const base64url = (value: Json): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export const signJws = (header: Json, payload: string, key: KeyObject): Json => {
  const jws = { protected: base64url(header), payload: base64url(payload) };
  const input = Buffer.from(`${jws.protected}.${jws.payload}`);
  return { ...jws, signature: sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }).toString("base64url") };
};

export const bindingOf = (jwk: Json, header: Json, secret: string): Json => {
  const jws = { protected: base64url(header), payload: base64url(jwk) };
  const mac = createHmac("sha256", Buffer.from(secret, "base64url")).update(`${jws.protected}.${jws.payload}`);
  return { ...jws, signature: mac.digest("base64url") };
};

export const thumbprintOf = (key: KeyObject): string => {
  const { crv, e, kty, n, x, y } = jwkOf(key);
  return createHash("sha256")
    .update(JSON.stringify(kty === "RSA" ? { e, kty, n } : { crv, kty, x, y }))
    .digest("base64url");
};

export const connect = async (
  directoryUrl: string,
  ca: string,
  key: KeyObject = ecKey().privateKey,
): Promise<RawClient> => {
  const agent = new Agent({ ca, keepAlive: true });
  const http: RawClient["http"] = (method, url, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        { method, agent, headers: { "user-agent": "kn-bootstrap-tests", ...headers } },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            const isJson = /json/.test(incoming.headers["content-type"] ?? "") && text !== "";
            const status = incoming.statusCode ?? 0;
            const parsed = isJson ? JSON.parse(text) : undefined;
            resolve({
              status,
              headers: Object.fromEntries(
                Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
              ),
              body: parsed,
              text,
              problem: status < 400 ? undefined : parsed?.type?.replace("urn:ietf:params:acme:error:", ""),
            });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  const { body: directory } = await http("GET", directoryUrl);
  const nonce = async (): Promise<string> => (await http("HEAD", directory.newNonce)).headers["replay-nonce"] ?? "";
  let spare: string | undefined;
  const client: RawClient = {
    directory,
    key,
    thumbprint: thumbprintOf(key),
    kid: undefined,
    http,
    nonce,
    post: async (url, payload, signing = {}) => {
      const signer = signing.key ?? key;
      const kid = "kid" in signing ? signing.kid : client.kid;
      const fresh = spare;
      spare = undefined;
      const header = {
        alg: signing.alg ?? (signer.asymmetricKeyType === "rsa" ? "RS256" : "ES256"),
        nonce: signing.nonce ?? fresh ?? (await nonce()),
        url: signing.url ?? url,
        ...(kid === undefined ? {} : { kid }),
        ...(signing.jwk !== undefined ? { jwk: signing.jwk } : kid === undefined ? { jwk: jwkOf(signer) } : {}),
      };
      const text = payload === undefined ? "" : typeof payload === "string" ? payload : JSON.stringify(payload);
      const jws = signJws(header, text, signer);
      const answer = await http("POST", url, JSON.stringify(signing.tamper?.(jws) ?? jws), {
        "content-type": signing.contentType ?? "application/jose+json",
        ...signing.headers,
      });
      spare = answer.headers["replay-nonce"];
      return answer;
    },
    register: async (more = {}) => {
      const answer = await client.post(
        directory.newAccount,
        { termsOfServiceAgreed: true, ...more },
        { kid: undefined },
      );
      client.kid = answer.headers.location ?? client.kid;
      return answer;
    },
    order: (names, more = {}) =>
      client.post(directory.newOrder, { identifiers: names.map((value) => ({ type: "dns", value })), ...more }),
    proofs: async (order) => {
      const proofs = [];
      for (const url of order.body.authorizations) {
        const { body } = await client.post(url);
        const challenge = body.challenges.find((each: Json) => each.type === "dns-01");
        proofs.push({
          url,
          challenge: challenge.url,
          name: `${body.wildcard ? "*." : ""}${body.identifier.value}`,
          record: `_acme-challenge.${body.identifier.value}`,
          txt: createHash("sha256").update(`${challenge.token}.${client.thumbprint}`).digest("base64url"),
        });
      }
      return proofs;
    },
    settled: async (url) => {
      for (;;) {
        const answer = await client.post(url);
        const { status, challenges } = answer.body;
        if (status !== "processing" && !(challenges && status === "pending")) return answer;
      }
    },
    close: () => agent.destroy(),
  };
  return client;
};
