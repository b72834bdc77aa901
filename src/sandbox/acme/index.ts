/** An ACME certificate authority on loopback (RFC 8555, RFC 9773) that validates DNS-01 for real and issues real X.509. */

import { createAuthority, createServerCertificate } from "./certificates.ts";
import { createBuckets } from "./limits.ts";
import { accountUrl, createNonces, type Office } from "./office.ts";
import { type AcmeCa, type AcmeOptions, type IssuedCertificate, PROFILES } from "./options.ts";
import { orderStatus } from "./orders.ts";
import { idOf, pastWindow } from "./renewal.ts";
import { createFaultLine, listen, serveRequests } from "./server.ts";

export * from "./options.ts";

/** Keeps no process alive. Rejects when the port is taken. */
export const startAcme = async (options: AcmeOptions): Promise<AcmeCa> => {
  const { now = () => new Date(), seed = 1 } = options;
  const line = createFaultLine(options.faults ?? {});
  const tasks = createTasks();
  const [tls, authority] = await Promise.all([createServerCertificate(), createAuthority("Rehearsal", now())]);
  const waiting: { serve?: ReturnType<typeof serveRequests> } = {};
  const listening = await listen(tls, options.port ?? 0, async (incoming, outgoing) => {
    await waiting.serve?.(incoming, outgoing);
  });
  const base = `https://127.0.0.1:${listening.port}`;
  const office: Office = {
    base,
    options,
    profiles: options.profiles ?? PROFILES,
    caaIdentities: options.caaIdentities ?? ["ca.rehearsal.internal"],
    authority,
    buckets: createBuckets(now),
    nonces: createNonces(),
    accounts: new Map(),
    authorizations: new Map(),
    orders: new Map(),
    certificates: [],
    now,
    random: createRandom(seed),
    faults: line.current,
    later: tasks.later,
  };
  waiting.serve = serveRequests(office, line);
  return {
    directory: `${base}/directory`,
    tlsCa: tls.ca,
    root: authority.root,
    accounts: () =>
      [...office.accounts.values()].map((account) => ({
        url: accountUrl(office, account),
        status: account.status,
        contact: account.contact,
      })),
    orders: () =>
      [...office.orders.values()].map((order) => ({
        url: `${base}/order/${order.id}`,
        status: orderStatus(office, order),
        names: order.names,
        profile: order.profile,
        ...(order.replaces === undefined ? {} : { replaces: order.replaces }),
      })),
    certificates: () => issuedBy(office),
    setFaults: line.set,
    moveRenewal: (serial, window = pastWindow(now())) => {
      const certificate = office.certificates.find((each) => each.serial === serial.toUpperCase());
      if (!certificate) throw new RangeError(`no certificate ${serial}`);
      certificate.window = window;
    },
    close: async () => {
      await tasks.close();
      await listening.close();
    },
  };
};

const issuedBy = (office: Office): readonly IssuedCertificate[] =>
  office.certificates.map((certificate) => {
    const { order, serial, pem, notBefore, notAfter, revoked } = certificate;
    return {
      names: order.names,
      serial,
      pem,
      profile: order.profile,
      account: accountUrl(office, order.account),
      order: `${office.base}/order/${order.id}`,
      id: idOf(office, certificate),
      notBefore,
      notAfter,
      revoked,
    };
  });

/** Work that goes on after an answer. */
const createTasks = () => {
  const timers = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  return {
    later: (milliseconds: number, task: () => Promise<void>): void => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        const run = task().finally(() => running.delete(run));
        running.add(run);
      }, milliseconds).unref();
      timers.add(timer);
    },
    close: async (): Promise<void> => {
      for (const timer of timers) clearTimeout(timer);
      await Promise.allSettled(running);
    },
  };
};

/** mulberry32: small, and the same numbers for the same seed on every machine. */
const createRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
