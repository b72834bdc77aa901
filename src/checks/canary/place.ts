import type { TlsSecret } from "../../certificates/secret.ts";
import type { Ports } from "../../ingress/address.ts";
import { messageOf } from "../../ports/error.ts";
import { isPrivate } from "../../ports/networks.ts";
import { REDIRECTS, type Verdict } from "./answer.ts";
import type { Standing } from "./context.ts";

const NO_WAY: ReadonlySet<unknown> = new Set(["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);
const SILENT: ReadonlySet<unknown> = new Set(["EHOSTUNREACH", "ETIMEDOUT"]);
const UNTRUSTED: ReadonlySet<unknown> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

/** One request to an address, by Host and SNI. `certificate`: what the gateway is to serve, where that is known. */
export const askPlace = async (
  at: Standing,
  place: string,
  ports: Ports,
  certificate: Pick<TlsSecret, "ca" | "chain"> | undefined,
  root: string | undefined,
): Promise<Verdict> => {
  const known = certificate?.ca ?? root;
  const first = await once(at, place, ports, known);
  const own = certificate?.chain.at(-1);
  if (first.is !== "untrusted") return first;
  if (known !== undefined || own === undefined) return { is: "bad", what: first.what };
  // A CA that this machine does not know is no fault of the way: that it is this certificate is what counts.
  const second = await once(at, place, ports, own);
  return second.is === "untrusted" ? { is: "bad", what: first.what } : second;
};

const once = async (
  { ctx, url, host }: Standing,
  place: string,
  ports: Ports,
  ca: string | undefined,
): Promise<Verdict | { readonly is: "untrusted"; readonly what: string }> => {
  const scheme = url.startsWith("https:") ? "https" : "http";
  const port = ports[scheme];
  const authority = port === (scheme === "https" ? 443 : 80) ? host : `${host}:${port}`;
  try {
    const request = { scheme, address: place, port, host: authority, timeoutMs: 10_000 } as const;
    const { status, body, ms } = await ctx.canary.probe({ ...request, ...(ca ? { ca } : {}) });
    if (status === 200 && body.includes(ctx.canary.greeting)) return { is: "good", ms, how: "answers" };
    if (scheme === "http" && REDIRECTS.has(status)) return { is: "good", ms, how: "redirects to https" };
    return { is: "bad", what: `answers ${status}`, status };
  } catch (error) {
    ctx.signal.throwIfAborted();
    const message = messageOf(error);
    const { code } = error as NodeJS.ErrnoException;
    if (UNTRUSTED.has(code)) return { is: "untrusted", what: message };
    if (NO_WAY.has(code)) return { is: "unseen", why: `this machine has no way to ${place}: ${message}` };
    const isSilent = SILENT.has(code) || message.startsWith("no answer within");
    if (isSilent && isPrivate(place)) return { is: "unseen", why: `${place} is not reached from here: ${message}` };
    return { is: "bad", what: `does not answer: ${message}` };
  }
};
