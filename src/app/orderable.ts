import { accountIn, accountRef, externalAccountMissing } from "../certificates/acme/account.ts";
import { directoryOf } from "../certificates/index.ts";
import { ofKind } from "../changes/index.ts";
import { changesOf, type Plan } from "../core/change.ts";
import { AuthorityError, AuthorityUnreachable, type DirectoryInfo } from "../ports/authority.ts";
import { isDistrusted } from "../ports/outside.ts";
import type { Installation } from "../steps/installation.ts";
import { externalAccount } from "./external-account.ts";
import type { Tools } from "./tools.ts";

/** If a CA takes longer, the certificate's step waits for it. */
const PATIENCE_MS = 5_000;

/**
 * Before the first write: whether the CA is one, has the profile, and makes accounts without being told whose customer we are. Throws UserError
 * (exit code 2), or why its https is not trusted. One that does not answer now stops nothing. Resolves to what it said.
 */
export const assertOrderable = async (
  plan: Plan,
  { config, acmeCa }: Installation,
  tools: Tools,
): Promise<DirectoryInfo | undefined> => {
  const directory = directoryOf(config);
  const isOrdered = changesOf(plan)
    .filter(ofKind("certificate"))
    .some((change) => change.isOrdered);
  if (!directory || !isOrdered) return undefined;
  const external = await externalAccount(tools.env);
  const info = await directoryNow(directory, acmeCa, tools);
  if (!info) return undefined;
  const { acmeProfile } = config;
  if (acmeProfile !== undefined && !(acmeProfile in info.profiles)) {
    const { unknownProfile } = await import("../certificates/acme/problems.ts");
    throw unknownProfile({ directory, info, names: [] });
  }
  if (info.externalAccountRequired && !external && !accountIn(await tools.cluster.get(accountRef(directory))))
    throw externalAccountMissing(directory);
  return info;
};

const isBusy = (error: unknown): boolean =>
  error instanceof AuthorityError && (error.problem.type === "rateLimited" || (error.problem.status ?? 0) >= 500);

/** Asks the CA for its directory. Undefined: it does not answer now. Throws if the answer is not a directory. */
export const directoryNow = async (
  directory: string,
  ca: string | undefined,
  { createAuthority, signal }: Tools,
): Promise<DirectoryInfo | undefined> => {
  const authority = await createAuthority({ directory, ...(ca ? { ca } : {}) });
  const late = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await authority.directory(AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted || (error instanceof AuthorityUnreachable && !isDistrusted(error)) || isBusy(error))
      return undefined;
    const { explained } = await import("../certificates/acme/problems.ts");
    throw explained(error, { directory, names: [] });
  }
};
