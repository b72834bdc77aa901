import { type Authority, AuthorityError, AuthorityUnreachable, type DirectoryInfo } from "../ports/authority.ts";
import { isDistrusted } from "../ports/outside.ts";
import type { HealthContext, Order } from "./health-check.ts";

/** If a CA takes longer, the certificate's step waits for it. */
const PATIENCE_MS = 5_000;

const isBusy = (error: unknown): boolean =>
  error instanceof AuthorityError && (error.problem.type === "rateLimited" || (error.problem.status ?? 0) >= 500);

/** The CA of an order. Undefined: CAs are not asked. */
export const authorityOf = async (
  { directory, root }: Order,
  { createAuthority }: Pick<HealthContext, "createAuthority">,
): Promise<Authority | undefined> => createAuthority?.({ directory, ...(root ? { ca: root } : {}) });

/** Asks the CA for its directory. Undefined: it does not answer now. Throws if the answer is not a directory. */
export const directoryNow = async (
  order: Order,
  ctx: Pick<HealthContext, "createAuthority" | "signal">,
): Promise<DirectoryInfo | undefined> => {
  const authority = await authorityOf(order, ctx);
  const late = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await authority?.directory(AbortSignal.any([ctx.signal, late]));
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (late.aborted || (error instanceof AuthorityUnreachable && !isDistrusted(error)) || isBusy(error))
      return undefined;
    const { explained } = await import("../certificates/acme/problems.ts");
    throw explained(error, { directory: order.directory, names: [] });
  }
};
