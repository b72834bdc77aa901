/** The TXT record of a DNS-01 challenge (RFC 8555 §8.4), asked over UDP; what is wrong is said as Let's Encrypt says it. */

import { Resolver } from "node:dns/promises";
import type { AcmeFaults } from "./options.ts";
import { Problem } from "./problem.ts";

export type Asked<T> = { readonly records: readonly T[] } | { readonly code: string };

/** The CA's own view of the DNS. */
export interface Sight {
  /** `127.0.0.1:5353` */
  readonly resolver: string;
  readonly lookup: AcmeFaults["lookup"];
}

/** Node's resolver keeps no cache; it takes the records at the end of a chain of CNAMEs. */
export const ask = async <T>(
  { resolver, lookup }: Sight,
  [type, name]: readonly ["TXT" | "CAA", string],
  question: (dns: Resolver) => Promise<readonly T[]>,
): Promise<Asked<T>> => {
  const code = lookup?.(type, name);
  if (code !== undefined) return { code };
  const dns = new Resolver({ timeout: 2000, tries: 2 });
  dns.setServers([resolver]);
  try {
    return { records: await question(dns) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return code === "ENODATA" ? { records: [] } : { code };
  }
};

const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  ENOTFOUND: ["NXDOMAIN", " - check that a DNS record exists for this domain"],
  ESERVFAIL: ["SERVFAIL", " - the domain's nameservers may be malfunctioning"],
  EREFUSED: ["REFUSED", ""],
  ETIMEOUT: ["query timed out", ""],
};

export const dnsProblem = (code: string, type: string, name: string): Problem => {
  const [what, hint] = WORDS[code] ?? ["networking error", ""];
  return new Problem("dns", `DNS problem: ${what} looking up ${type} for ${name}${hint}`);
};

/** Throws a {@link Problem} unless one of the TXT records at `name` is `expected`. */
export const checkTxt = async (sight: Sight, name: string, expected: string): Promise<void> => {
  const asked = await ask(sight, ["TXT", name], (dns) => dns.resolveTxt(name));
  if ("code" in asked) throw dnsProblem(asked.code, "TXT", name);
  const [first, ...more] = asked.records.map((strings) => strings.join(""));
  if (first === undefined) throw new Problem("unauthorized", `No TXT record found at ${name}`);
  if ([first, ...more].includes(expected)) return;
  const shown = first.length > 100 ? `${first.slice(0, 100)}...` : first;
  const count = more.length ? ` (and ${more.length} more)` : "";
  throw new Problem("unauthorized", `Incorrect TXT record ${JSON.stringify(shown)}${count} found at ${name}`);
};
