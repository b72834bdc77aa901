import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dns } from "../dns/index.ts";
import { AcmeProblem, openSession, type Session } from "./acme-client.ts";
import { createPublisher, type Keys, type Publisher } from "./challenge-records.ts";
import { type ChallengeNews, type Door, type Order, Refused } from "./door.ts";

/** A door to a CA that speaks ACME and to the DNS that it looks at: nothing is issued that was not proved. */

const FIRST_PAUSE_MS = 20;
const LAST_PAUSE_MS = 1_000;

/** Waits longer and longer; keeps no process alive. */
const patience = (): (() => Promise<void>) => {
  let next = FIRST_PAUSE_MS;
  return async () => {
    await sleep(next, undefined, { ref: false });
    next = Math.min(next * 2, LAST_PAUSE_MS);
  };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What the CA says no to for good; a CA that is busy is asked again. */
const orRefused = (error: unknown): never => {
  if (error instanceof AcmeProblem && error.status < 500)
    throw new Refused("errored", `Failed to create Order: ${error.message}`);
  throw error;
};

interface Challenge {
  readonly url: string;
  readonly name: string;
  readonly isWildcard: boolean;
  /** `_acme-challenge.…` */
  readonly record: string;
  readonly value: string;
}

const challengeOf = async (session: Session, url: string): Promise<Challenge | undefined> => {
  const { body } = await session.post(url, "");
  if (body.status === "valid") return undefined;
  const found = body.challenges?.find(({ type }: { type: string }) => type === "dns-01");
  if (!found) throw new Refused("errored", "no configured challenge solvers can be used for this challenge");
  const name: string = body.identifier.value;
  return {
    url: found.url,
    name,
    isWildcard: body.wildcard === true,
    record: `_acme-challenge.${name}`,
    value: session.txt(found.token),
  };
};

export const internetDoor = (dns: Dns, keys: Keys, publisher: Publisher = createPublisher(dns, keys)): Door => {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([dns.resolver]);

  const isSeen = async ({ record, value }: Challenge): Promise<boolean> => {
    const found = await resolver.resolveTxt(record).catch(() => []);
    return found.some((parts) => parts.join("") === value);
  };

  const prove = async (session: Session, order: Order, challenge: Challenge): Promise<void> => {
    const { name, isWildcard, record, value, url } = challenge;
    const tell = (state: ChallengeNews["state"], reason?: string): void =>
      order.tell({ name, isWildcard, state, ...(reason ? { reason } : {}) });
    const solver = order.solverFor(name);
    const pause = patience();
    try {
      await publisher.present(solver, record, value);
    } catch (error) {
      tell("pending", messageOf(error));
      throw error;
    }
    try {
      while (!(await isSeen(challenge))) {
        tell("pending", `Waiting for DNS-01 challenge propagation: DNS record for "${name}" not yet propagated`);
        await pause();
      }
      await session.post(url, {});
      for (;;) {
        const { body } = await session.post(url, "");
        if (body.status === "valid") return tell("valid", "Successfully authorized domain");
        if (body.status === "invalid") {
          const { status = 403, type = "", detail = "" } = body.error ?? {};
          const reason = `Error accepting authorization: acme: authorization error for ${name}: ${status} ${type}: ${detail}`;
          tell("invalid", reason);
          throw new Refused("invalid", reason);
        }
        await pause();
      }
    } finally {
      await publisher.cleanUp(solver, record, value);
    }
  };

  return {
    register: (account) => openSession(account).register(),
    issue: async (order) => {
      const session = openSession(order.account, order.uri);
      const { newOrder = "" } = await session.directory();
      const identifiers = order.names.map((value) => ({ type: "dns", value }));
      const profile = order.profile ? { profile: order.profile } : {};
      const made = await session.post(newOrder, { identifiers, ...profile }).catch(orRefused);
      for (const url of made.body.authorizations as string[]) {
        const challenge = await challengeOf(session, url);
        if (challenge) await prove(session, order, challenge);
      }
      const csr = Buffer.from(order.csr.replace(/-----[^-]+-----/g, ""), "base64").toString("base64url");
      const pause = patience();
      await session.post(made.body.finalize, { csr }).catch(orRefused);
      for (;;) {
        const { body } = await session.post(made.location, "");
        if (body.status === "valid") return (await session.post(body.certificate, "")).text;
        if (body.status === "invalid")
          throw new Refused("invalid", String(body.error?.detail ?? "the order is invalid"));
        await pause();
      }
    },
  };
};
