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
