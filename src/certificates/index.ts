import type { Issue } from "../core/apply.ts";
import { UserError } from "../ports/error.ts";

/** A way to the gateway's certificate. */
export interface IssuerInfo {
  readonly id: string;
  /** For people: `Let's Encrypt`. */
  readonly title: string;
  /** A public or private ACME CA, asked by DNS-01; `option`: the directory is given by --acme-directory. */
  readonly directory?: string;
  /** Whether browsers trust it without further ado. */
  readonly isPublic: boolean;
  /** One that is no ACME CA makes it itself; its file is not loaded before. */
  readonly load?: () => Promise<Issue>;
}

/** Every way that can be chosen. One more ACME CA is a line here; how the others are made is told in the file of that name. */
export const issuers: readonly IssuerInfo[] = [
  {
    id: "letsencrypt",
    title: "Let's Encrypt",
    directory: "https://acme-v02.api.letsencrypt.org/directory",
    isPublic: true,
  },
  {
    id: "letsencrypt-staging",
    title: "Let's Encrypt's staging CA",
    directory: "https://acme-staging-v02.api.letsencrypt.org/directory",
    isPublic: false,
  },
  { id: "acme", title: "the ACME CA", directory: "option", isPublic: false },
  {
    id: "self-signed",
    title: "a root of this cluster",
    isPublic: false,
    load: async () => (await import("./self-signed.ts")).issue,
  },
  { id: "secret", title: "its owner", isPublic: false },
  { id: "cert-manager", title: "cert-manager", isPublic: false },
  { id: "none", title: "nobody", isPublic: false },
];

export const ids: readonly string[] = issuers.map(({ id }) => id);

export const issuerInfo = (id: string): IssuerInfo => {
  const found = issuers.find((issuer) => issuer.id === id);
  if (!found)
    throw new UserError({
      id: "tls.unknown",
      what: `There is no issuer "${id}".`,
      remedy: `Choose one of ${ids.join(", ")}.`,
      kind: "input",
    });
  return found;
};

/** Whether certificates come from an ACME CA that we ask ourselves. */
export const isAcme = (id: string): boolean => issuerInfo(id).directory !== undefined;

/** The ACME directory of a choice; `given`: --acme-directory. */
export const directoryOf = (id: string, given: string | undefined): string | undefined => {
  const { directory } = issuerInfo(id);
  return directory === "option" ? given : (given ?? directory);
};
