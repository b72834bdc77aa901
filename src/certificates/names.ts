import { UserError } from "../ports/error.ts";

/** Renders a Knative domain template for one Service; only the fields that Knative gives it (Name, Namespace, Domain). */
export const hostFor = (template: string, service: { name: string; namespace: string }, domain: string): string => {
  const values: Record<string, string> = { Name: service.name, Namespace: service.namespace, Domain: domain };
  return template.replace(/\{\{-?\s*\.(\w+)\s*-?\}\}/g, (whole, field: string) => values[field] ?? whole);
};

/**
 * The wildcard names that cover what the template makes (RFC 6125 §6.4.3: a wildcard stands for exactly one label): `*.domain`
 * for one level, `*.namespace.domain` for each namespace otherwise.
 */
export const wildcardsFor = (template: string, domain: string, namespaces: readonly string[]): readonly string[] => {
  const parents = namespaces.map((namespace) => {
    const host = hostFor(template, { name: "name", namespace }, domain);
    return host.slice(host.indexOf(".") + 1);
  });
  return [...new Set(parents)].sort().map((parent) => `*.${parent}`);
};

/** Whether a certificate for `names` is valid for `host`. */
export const covers = (names: readonly string[], host: string): boolean =>
  names.some(
    (name) =>
      name === host ||
      (name.startsWith("*.") && host.includes(".") && name.slice(2) === host.slice(host.indexOf(".") + 1)),
  );

/** Refused before anything is asked of a CA: DNS allows 63 characters in a label and 253 in a name (RFC 1035 §2.3.4). */
export const assertName = (host: string): void => {
  const long = host.split(".").find((label) => label.length > 63);
  if (!long && host.length <= 253) return;
  throw new UserError({
    id: "names.too-long",
    what: long
      ? `"${long}" has ${long.length} characters; a DNS label has at most 63.`
      : `"${host}" has ${host.length} characters; a DNS name has at most 253.`,
    remedy: "Choose a shorter domain or --domain-template.",
    exitCode: 2,
  });
};
