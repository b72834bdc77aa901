/** Certification Authority Authorization (RFC 8659) with the parameters of RFC 8657. */

import type { CaaRecord } from "node:dns";
import { ask, dnsProblem, type Sight } from "./dns-01.ts";
import { Problem } from "./problem.ts";

export interface Issuance {
  readonly wildcard: boolean;
  /** Names of this authority. */
  readonly identities: readonly string[];
  /** URL. */
  readonly account: string;
  /** `dns-01` */
  readonly method: string;
}

const KNOWN = new Set(["issue", "issuewild", "iodef", "critical", "type"]);

/** Throws a {@link Problem} when the records of the name, or of the nearest one above that has any, forbid it. */
export const checkCaa = async (sight: Sight, name: string, issuance: Issuance): Promise<void> => {
  const shown = issuance.wildcard ? `*.${name}` : name;
  for (let at = name; at !== ""; at = at.split(".").slice(1).join(".")) {
    const asked = await ask(sight, ["CAA", at], (dns) => dns.resolveCaa(at));
    if ("code" in asked && asked.code !== "ENOTFOUND") {
      const { document } = dnsProblem(asked.code, "CAA", at);
      throw new Problem("dns", `While processing CAA for ${shown}: ${document.detail}`);
    }
    const records = "code" in asked ? [] : asked.records;
    if (records.length === 0) continue;
    if (!permits(records, issuance))
      throw new Problem("caa", `While processing CAA for ${shown}: CAA record for ${at} prevents issuance`);
    return;
  }
};

const permits = (records: readonly CaaRecord[], issuance: Issuance): boolean => {
  if (records.some((record) => record.critical > 0 && Object.keys(record).some((key) => !KNOWN.has(key)))) return false;
  const issue = valuesOf(records, "issue");
  const issueWild = valuesOf(records, "issuewild");
  // RFC 8659 §4.3: issuewild takes the place of issue, for wildcards only.
  const values = issuance.wildcard && issueWild.length ? issueWild : issue;
  return values.length === 0 || values.some((value) => namesUs(value, issuance));
};

const valuesOf = (records: readonly CaaRecord[], tag: "issue" | "issuewild"): readonly string[] =>
  records.flatMap((record) => (record[tag] === undefined ? [] : [record[tag]]));

/** `authority.example; accounturi=https://…; validationmethods=dns-01,http-01` */
const namesUs = (value: string, { identities, account, method }: Issuance): boolean => {
  const [authority = "", ...parameters] = value.split(";").map((part) => part.trim());
  if (!identities.includes(authority.toLowerCase())) return false;
  return parameters
    .filter((parameter) => parameter !== "")
    .every((parameter) => {
      const [tag = "", text = ""] = parameter.split(/=(.*)/s).map((part) => part.trim());
      if (tag.toLowerCase() === "accounturi") return text === account;
      if (tag.toLowerCase() === "validationmethods") return text.split(",").includes(method);
      // RFC 8659 §4.2: what an authority does not know it may ignore, but no parameter without a value is well-formed.
      return parameter.includes("=");
    });
};
