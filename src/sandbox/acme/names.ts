/** Which names may stand in an order. */

import { isRecord } from "./jws.ts";
import type { Office } from "./office.ts";
import { malformed, Problem } from "./problem.ts";

const MOST_NAMES = 100;
/** As Boulder; a wildcard's asterisk does not count. */
const MOST_LABELS = 10;

const wrongWith = (name: string): string | undefined => {
  const base = name.startsWith("*.") ? name.slice(2) : name;
  if (name === "") return "Identifier value (name) is empty";
  if (/[^a-z0-9.*-]/.test(name)) return "Domain name contains an invalid character";
  if (name.length > 253) return "Domain name is longer than 253 bytes";
  if (name.endsWith(".")) return "Domain name ends in a dot";
  if (/^[0-9.]+$/.test(name)) return "Domain name is an IP address";
  if (base.includes("*"))
    return "Domain name contains an invalid wildcard. A wildcard is only permitted before the first dot in a domain name";
  const labels = base.split(".");
  if (labels.length > MOST_LABELS) return `Domain name has more than ${MOST_LABELS} labels (parts)`;
  if (labels.length < 2) return "Domain name needs at least one dot";
  if (labels.includes("")) return "Domain name can not have two dots in a row";
  if (labels.some((label) => label.length > 63)) return "Domain has a label longer than 63 characters";
  if (labels.some((label) => /^-|-$/.test(label))) return "Domain name contains an invalid label in a reserved format";
  return undefined;
};

const covering = (name: string, all: readonly string[]): string | undefined =>
  all.find((other) => other.startsWith("*.") && other !== name && other.slice(1) === name.slice(name.indexOf(".")));

/** Lower case, sorted, each once. Throws a {@link Problem}. */
export const readNames = (office: Office, identifiers: unknown): readonly string[] => {
  if (!Array.isArray(identifiers) || identifiers.length === 0)
    throw malformed("NewOrder request did not specify any identifiers");
  const names = [...new Set(identifiers.map(dnsNameOf))].sort();
  if (names.length > MOST_NAMES) throw malformed(`Order cannot contain more than ${MOST_NAMES} identifiers`);
  for (const name of names) {
    const wrong = wrongWith(name);
    if (wrong !== undefined) throw malformed(`Invalid identifiers requested :: Cannot issue for "${name}": ${wrong}`);
    if (!name.startsWith("*.") && covering(name, names) !== undefined)
      throw malformed(
        `Domain name "${name}" is redundant with a wildcard domain in the same request. Remove one or the other from the certificate request.`,
      );
  }
  refuseForbidden(names, office.options.forbidden ?? []);
  return names;
};

const dnsNameOf = (identifier: unknown): string => {
  if (!isRecord(identifier) || typeof identifier.value !== "string") throw malformed("Error unmarshaling body JSON");
  if (identifier.type !== "dns")
    throw malformed(
      `Order included unsupported type identifier: type "${identifier.type}", value "${identifier.value}"`,
    );
  return identifier.value.toLowerCase();
};

const refuseForbidden = (names: readonly string[], forbidden: readonly string[]): void => {
  const refused = names.filter((name) => forbidden.some((base) => name === base || name.endsWith(`.${base}`)));
  if (refused.length === 0) return;
  const [first] = refused;
  const why = "The ACME server refuses to issue a certificate for this domain name, because it is forbidden by policy";
  const rest = refused.length - 1;
  throw new Problem(
    "rejectedIdentifier",
    `Invalid identifiers requested :: Cannot issue for "${first}": ${why}${rest ? ` (and ${rest} more problems. Refer to sub-problems for more information.)` : ""}`,
    rest
      ? {
          subproblems: refused.map((value) => ({
            type: "urn:ietf:params:acme:error:rejectedIdentifier",
            detail: why,
            identifier: { type: "dns", value },
          })),
        }
      : {},
  );
};
