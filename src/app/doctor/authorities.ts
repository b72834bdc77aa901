import type { HealthContext } from "../../checks/health-check.ts";
import { type Authority, AuthorityUnreachable, type DirectoryInfo } from "../../ports/authority.ts";
import { inTime } from "./in-time.ts";
import type { Ask, AuthorityAsked, Window } from "./questions.ts";

/** How long a CA is waited for, in milliseconds. */
const MS = 5_000;

type Create = NonNullable<HealthContext["createAuthority"]>;

/** What a CA tells anybody. No account is made, and nothing is signed. */
export const askAuthorities = (create: Create | undefined) => {
  const made = new Map<string, Promise<Authority>>();
  const asked = async <T>(
    { directory, ca }: AuthorityAsked,
    signal: AbortSignal | undefined,
    ask: (authority: Authority, until: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    if (!create) throw new Error("no CA can be asked here");
    const key = `${directory} ${ca ?? ""}`;
    const authority = made.get(key) ?? create({ directory, ...(ca ? { ca } : {}) });
    made.set(key, authority);
    const { host } = new URL(directory);
    const late = (cause: unknown) =>
      new AuthorityUnreachable(host, `${host} has not answered within ${MS / 1000} s`, cause);
    return inTime(MS, signal, late, async (until) => ask(await authority, until));
  };
  return {
    directory: (of: AuthorityAsked, signal?: AbortSignal): Promise<DirectoryInfo> =>
      asked(of, signal, (authority, until) => authority.directory(until)),
    renewalInfo: ({ certificate, ...of }: AuthorityAsked & { readonly certificate: string }, signal?: AbortSignal) =>
      asked(of, signal, async (authority, until): Promise<Window | null> => {
        const window = await authority.renewalInfo(certificate, until);
        return window ? { ...window, start: window.start.toISOString(), end: window.end.toISOString() } : null;
      }),
  };
};

/** A CA by such answers. What it takes an account for rejects. */
export const authorityBy =
  (ask: Ask, signal: AbortSignal): Create =>
  async ({ directory, ca }) => {
    const of: AuthorityAsked = { directory, ...(ca ? { ca } : {}) };
    const never = (): never => {
      throw new Error("a diagnosis has no account at a CA");
    };
    return {
      url: directory,
      directory: () => ask("directory", of, signal),
      renewalInfo: async (certificate) => {
        const window = await ask("renewalInfo", { ...of, certificate }, signal);
        return window ? { ...window, start: new Date(window.start), end: new Date(window.end) } : undefined;
      },
      register: never,
      account: never,
    };
  };
