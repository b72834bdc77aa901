import type { AcmeFaults } from "../acme/index.ts";
import { type Fault, type Harm, SECONDS, type Spell, seconds } from "./fault.ts";

/** What is wrong around the cluster for a while: with resolvers, name servers and the CA. */

/** Longer than most programs wait for the first try. */
const LATE_MS = 2_500;

const atCa = (spell: Spell, faults: AcmeFaults): Harm => ({
  begin: async (_api, outside) => {
    outside?.acme.setFaults(faults);
    spell.whenOver(async () => outside?.acme.setFaults({}));
  },
});

/** An order has begun: whoever looks at the directory before finds all well. */
const ordering = (spell: Spell): AcmeFaults["unavailable"] & object => {
  let begun = false;
  return {
    status: 500,
    isFelt: ({ path }) => {
      begun ||= path === "/new-order";
      return begun && spell.strikes();
    },
  };
};

export const outside: readonly Fault[] = [
  {
    name: "resolver-servfail",
    summary: "The recursive resolver answers SERVFAIL to everything, for SECONDS",
    parameter: SECONDS,
    isOutside: true,
    make: ({ spell }) => ({
      begin: async (_api, around) => around?.dns.setFault("resolver", () => (spell.strikes() ? "servfail" : undefined)),
    }),
  },
  {
    name: "resolver-late",
    summary: `The recursive resolver answers ${LATE_MS} ms late, for SECONDS`,
    parameter: SECONDS,
    isOutside: true,
    make: ({ spell }) => ({
      begin: async (_api, around) =>
        around?.dns.setFault("resolver", () => (spell.strikes() ? { late: LATE_MS } : undefined)),
    }),
  },
  {
    name: "dns-late",
    summary: `The zone's name servers answer ${LATE_MS} ms late, for SECONDS`,
    parameter: SECONDS,
    isOutside: true,
    make: ({ spell }) => ({
      begin: async (_api, around) => {
        for (const server of around?.zones.flatMap(({ nameServers }) => nameServers) ?? [])
          around?.dns.setFault(server, ({ operation }) =>
            operation === "query" && spell.strikes() ? { late: LATE_MS } : undefined,
          );
      },
    }),
  },
  {
    name: "ca-500",
    summary: "The CA answers 500 to everything from the first order on, for SECONDS",
    parameter: seconds("10"),
    isOutside: true,
    make: ({ spell }) => atCa(spell, { unavailable: ordering(spell) }),
  },
  {
    name: "ca-503",
    summary: "The CA says that it is busy, and for how long, from the first order on, for SECONDS",
    parameter: seconds("10"),
    isOutside: true,
    make: ({ spell }) => atCa(spell, { unavailable: { ...ordering(spell), status: 503, retryAfterSeconds: 6 } }),
  },
  {
    name: "ca-servfail",
    summary: "The CA's own resolver answers SERVFAIL for CAA, for SECONDS",
    parameter: seconds("1"),
    isOutside: true,
    make: ({ spell }) =>
      atCa(spell, { lookup: (type) => (type === "CAA" && spell.strikes() ? "ESERVFAIL" : undefined) }),
  },
];
