import { renewalChecks } from "../checks/renewal.ts";
import { runChecks } from "../checks/run.ts";
import { errorOf, isBad } from "../core/finding-error.ts";
import { LOOK_MS, patiently, within } from "../core/patience.ts";
import { UserError } from "../ports/error.ts";
import type { Installation } from "../steps/installation.ts";
import { renewalContext } from "./judging.ts";
import type { Tools } from "./tools.ts";

/**
 * Whether a renewal would work from here, on the way that it would take. Changes nothing; no order is made. Each check is told, and to `tell` what
 * it found; what may pass by itself is waited for a while. Throws (exit code 3) for all that failed, by the first of it.
 */
export const checkRenewal = async (
  install: Installation,
  tools: Tools,
  tell: (text: string) => void = () => {},
): Promise<void> => {
  const { signal, emit, config } = tools;
  const judged = await runChecks(renewalChecks, renewalContext(install, tools), (check, ctx) =>
    patiently(() => check.run(ctx, new Map()), {
      signal,
      remaining: within(Math.min(config.timeout * 1000, LOOK_MS)),
      onReason: (reason, remedy) => emit({ type: "waiting", step: "renew", check: check.id, reason, remedy }),
    }),
  );
  signal.throwIfAborted();
  const failures = judged.flatMap(({ check: { id, title }, finding }) => {
    if (finding.status === "skipped") return [];
    emit({ type: "check", id, title, ...finding });
    if (isBad(finding)) return [errorOf({ id: "renew.check" }, finding, { kind: "unseen" })];
    tell(`${title}: ${finding.summary}.`);
    return [];
  });
  const [first] = failures;
  if (!first) return;
  const { id, why, remedy } = first;
  const what = [...new Set(failures.map(({ message }) => message))].join(" ");
  throw new UserError({ id, what, ...(why ? { why } : {}), remedy, kind: "unseen", cause: first });
};
