import { createHash } from "node:crypto";
import type { Authority } from "../ports/authority.ts";
import { dueDate, type TlsSecret } from "./secret.ts";

/** When a certificate is to be replaced, and why then. */
export interface Renewal {
  readonly at: Date;
  /** `the CA asks for it between 1 and 3 March` */
  readonly because: string;
}

const day = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

/**
 * The CA's own window where it offers one (RFC 9773 §4.2), else two thirds of the lifetime, half of a short one. Within the window the
 * moment is spread by the certificate's serial, the same in each run, so that clusters do not come all at once. A CA that does not answer
 * leaves the date.
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
  const window = await authority.renewalInfo(leaf, signal).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    return undefined;
  });
  if (!window) return byDate;
  const { start, end, explanation } = window;
  const span = Math.max(0, end.getTime() - start.getTime());
  const share = createHash("sha256").update(certificate.serial).digest().readUInt32BE(0) / 2 ** 32;
  return {
    at: new Date(start.getTime() + span * share),
    because: `the CA asks for it between ${day(start)} and ${day(end)} UTC${explanation ? `, see ${explanation}` : ""}`,
  };
};
