import { createHash, createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { request as httpsRequest } from "node:https";
import type { Account } from "./door.ts";

/** As much of RFC 8555 as cert-manager's client speaks. Keys are ECDSA P-256. */

export interface Reply {
  readonly status: number;
  readonly location: string;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: documents of a protocol, looked at field by field
  readonly body: any;
}

/** A problem document, in the words of Go's acme client. */
export class AcmeProblem extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, detail: string) {
    super(`${status} ${type}: ${detail}`);
    this.name = "AcmeProblem";
    this.status = status;
    this.type = type;
  }
}

export interface Session {
  /** The account's URL. */
  readonly register: () => Promise<string>;
  /** Signed by the account; an empty payload is POST-as-GET. Rejects with {@link AcmeProblem}. */
  readonly post: (url: string, payload: object | "") => Promise<Reply>;
  readonly directory: () => Promise<Readonly<Record<string, string>>>;
  /** The value of the TXT record for a challenge's token (RFC 8555 §8.4). */
  readonly txt: (token: string) => string;
}

const encode = (value: string | Buffer): string => Buffer.from(value).toString("base64url");
const json = (value: unknown): string => encode(JSON.stringify(value));

interface Raw extends Reply {
  readonly nonce: string;
}

const send = (method: string, url: string, ca: string | undefined, body?: string): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new Error(`${method === "POST" ? "Post" : "Get"} "${url}": ${error.message}`));
    const options = {
      method,
      agent: false as const,
      ...(ca ? { ca } : {}),
      headers: {
        "user-agent": "cert-manager-rehearsal/1",
        ...(body === undefined ? {} : { "content-type": "application/jose+json" }),
      },
    };
    const request = httpsRequest(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = /json/.test(response.headers["content-type"] ?? "");
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location ?? "",
          nonce: String(response.headers["replay-nonce"] ?? ""),
          text,
          body: isJson && text ? JSON.parse(text) : undefined,
        });
      });
    });
    request.setTimeout(10_000, () => request.destroy(new Error("context deadline exceeded")));
    request.on("error", fail);
    request.end(body);
  });

/** @param url of the account, where it is known */
export const openSession = (account: Account, url?: string): Session => {
  const key: KeyObject = createPrivateKey(account.key);
  const { crv, kty, x, y } = createPublicKey(key).export({ format: "jwk" });
  const jwk = { crv, kty, x, y };
  const thumbprint = encode(createHash("sha256").update(JSON.stringify(jwk)).digest());
  let known: Promise<Readonly<Record<string, string>>> | undefined;
  let nonce = "";
  let kid = url;

  const directory = (): Promise<Readonly<Record<string, string>>> => {
    known ??= send("GET", account.directory, account.ca).then(({ status, body }) => {
      if (status !== 200 || !body?.newOrder) throw new Error(`${status} from ${account.directory}: no ACME directory`);
      return body;
    });
    return known;
  };

  const signed = async (target: string, payload: object | ""): Promise<Reply> => {
    for (;;) {
      if (nonce === "") nonce = (await send("HEAD", (await directory()).newNonce ?? "", account.ca)).nonce;
      const header = json({ alg: "ES256", nonce, url: target, ...(kid ? { kid } : { jwk }) });
      const content = payload === "" ? "" : json(payload);
      const signature = sign("sha256", Buffer.from(`${header}.${content}`), { key, dsaEncoding: "ieee-p1363" });
      const jws = JSON.stringify({ protected: header, payload: content, signature: encode(signature) });
      const reply = await send("POST", target, account.ca, jws);
      nonce = reply.nonce;
      if (reply.status < 400) return reply;
      const type = String(reply.body?.type ?? "");
      if (type !== "urn:ietf:params:acme:error:badNonce")
        throw new AcmeProblem(reply.status, type, String(reply.body?.detail ?? reply.text.trim()));
    }
  };

  const binding = (target: string): object => {
    const { external } = account;
    if (!external) return {};
    const header = json({ alg: "HS256", kid: external.kid, url: target });
    const mac = createHmac("sha256", Buffer.from(external.hmacKey, "base64url"))
      .update(`${header}.${json(jwk)}`)
      .digest();
    return { externalAccountBinding: { protected: header, payload: json(jwk), signature: encode(mac) } };
  };

  return {
    directory,
    txt: (token) => encode(createHash("sha256").update(`${token}.${thumbprint}`).digest()),
    post: signed,
    register: async () => {
      const target = (await directory()).newAccount ?? "";
      const contact = account.email ? { contact: [`mailto:${account.email}`] } : {};
      const { location } = await signed(target, { termsOfServiceAgreed: true, ...contact, ...binding(target) });
      kid = location;
      return location;
    },
  };
};
