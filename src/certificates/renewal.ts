import { createHash } from "node:crypto";
import type { Authority } from "../ports/authority.ts";
import { messageOf } from "../ports/error.ts";
import { told } from "../ports/outside.ts";
import { dueDate, type TlsSecret } from "./secret.ts";

/** When a certificate is to be replaced, and why then. */
export interface Renewal {
  readonly at: Date;
  /** `the CA asks for it between 1 and 3 March` */
  readonly because: string;
  /** The CA's own window, if it is plausible. */
  readonly window?: { readonly start: Date; readonly end: Date };
  /** Why the CA could not be asked, one sentence: by then the date alone counts. */
  readonly unasked?: string;
}

/** Whether the CA wants it replaced now: Let's Encrypt counts no renewal within the window that it suggested itself. */
export const isAskedFor = ({ window }: Renewal, now: Date): boolean =>
  window !== undefined && window.start <= now && now < window.end;

const day = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

/**
 * The CA's own window where it offers one (RFC 9773 §4.2), else two thirds of the lifetime, half of a short one. Within the window the
 * moment is spread by the certificate's serial, the same in each run, so that clusters do not come all at once. A CA that does not answer,
 * answers nonsense, or names a window from before the certificate was made or too close to its end leaves the date. No window, however
 * large, moves it into the last third of what is left then.
 */
export const renewalOf = async (
  certificate: TlsSecret,
  authority: Pick<Authority, "renewalInfo"> | undefined,
  signal?: AbortSignal,
): Promise<Renewal> => {
  const at = dueDate(certificate);
  const byDate = { at, because: `${day(certificate.notAfter)} is its end` };
  const [leaf] = certificate.chain;
  if (!authority || leaf === undefined) return byDate;
  let unasked: string | undefined;
  const window = await authority.renewalInfo(leaf, signal).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    unasked = messageOf(told(error));
    return undefined;
  });
  if (!window) return unasked === undefined ? byDate : { ...byDate, unasked };
  const { start, end, explanation } = window;
  const latest = at.getTime() + ((certificate.notAfter.getTime() - at.getTime()) * 2) / 3;
  const from = Math.max(start.getTime(), certificate.notBefore.getTime());
  const span = Math.min(end.getTime(), latest) - from;
  if (!(span > 0)) return byDate;
  const share = createHash("sha256").update(certificate.serial).digest().readUInt32BE(0) / 2 ** 32;
  return {
    at: new Date(from + span * share),
    window: { start, end },
    because: `the CA asks for it between ${day(start)} and ${day(end)} UTC${explanation ? `, see ${explanation}` : ""}`,
  };
};
