import { createPrivateKey, type KeyObject } from "node:crypto";
import { crypto as acmeCrypto } from "acme-client";
import { afterEach } from "vitest";
import { type AcmeCa, type AcmeOptions, startAcme } from "../../src/sandbox/acme/index.ts";
import { type Answer, connect, type RawClient } from "./client.ts";
import { type Responder, startResponder } from "./responder.ts";

export interface Stage {
  readonly ca: AcmeCa;
  readonly dns: Responder;
  readonly client: RawClient;
  /** Another account. */
  readonly join: (key?: KeyObject) => Promise<RawClient>;
  /** Publishes the TXT records of an order and has them validated. */
  readonly prove: (order: Answer, by?: RawClient) => Promise<Answer>;
  /** Orders, proves, finalizes; the finalized order. */
  readonly issue: (names: readonly string[], more?: object, by?: RawClient) => Promise<Answer>;
}

export const csrFor = async (names: readonly string[], key?: Buffer): Promise<{ csr: string; key: Buffer }> => {
  const made = key ?? (await acmeCrypto.createPrivateEcdsaKey());
  const [, pem] = await acmeCrypto.createCsr({ altNames: [...names] }, made);
  return { csr: derOf(pem), key: made };
};

export const derOf = (pem: Buffer | string): string =>
  Buffer.from(String(pem).replace(/-----[^-]+-----|\s/g, ""), "base64").toString("base64url");

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Ended after the test. */
export const setUp = async (options: Partial<AcmeOptions> = {}): Promise<Stage> => {
  const stage = await open(options);
  closers.push(stage.close);
  return stage;
};

/** For tests that share one; the caller ends it. */
export const open = async (options: Partial<AcmeOptions> = {}): Promise<Stage & { close: () => Promise<void> }> => {
  const dns = await startResponder();
  const ca = await startAcme({ resolver: dns.resolver, ...options });
  const clients: RawClient[] = [];
  const join = async (key?: KeyObject): Promise<RawClient> => {
    const joined = await connect(ca.directory, ca.tlsCa, key);
    clients.push(joined);
    if (!options.externalAccountRequired) await joined.register();
    return joined;
  };
  const client = await join();
  const prove: Stage["prove"] = async (order, by = client) => {
    const proofs = await by.proofs(order);
    for (const record of new Set(proofs.map((proof) => proof.record)))
      dns.txt(record, ...proofs.filter((proof) => proof.record === record).map((proof) => proof.txt));
    for (const { challenge, url } of proofs) {
      await by.post(challenge, {});
      await by.settled(url);
    }
    return by.post(order.headers.location ?? "");
  };
  return {
    close: async () => {
      for (const each of clients) each.close();
      await ca.close();
      await dns.close();
    },
    ca,
    dns,
    client,
    join,
    prove,
    issue: async (names, more = {}, by = client) => {
      const order = await by.order(names, more);
      if (order.status !== 201) return order;
      const proved = order.body.status === "ready" ? order : await prove(order, by);
      return by.post(proved.body.finalize, { csr: (await csrFor(names)).csr });
    },
  };
};

export const rsaKey = async (bits: number): Promise<{ pem: Buffer; key: KeyObject }> => {
  const pem = await acmeCrypto.createPrivateRsaKey(bits);
  return { pem, key: createPrivateKey(pem) };
};
