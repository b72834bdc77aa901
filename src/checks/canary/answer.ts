import { ApiError, type ThroughServerAnswer } from "../../ports/cluster.ts";
import type { Timed } from "./context.ts";

/** What asking through the API server came to. `unseen`: nothing follows from it, for this reason. */
export type Verdict =
  | { readonly is: "good"; readonly ms: number; readonly how: string }
  | { readonly is: "bad"; readonly what: string; readonly status?: number }
  | { readonly is: "unseen"; readonly why: string };

export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);
/** Everybody's gateway for Knative is an Envoy, and says so: `envoy`, `istio-envoy`. */
const GATEWAY = /envoy/;
/** Of the server when it asked: what it tried to reach was there and took no request, or led nowhere. */
const NOBODY = /connection refused|no endpoints available|no service port/;

/** @param greeting what the canary's own answer contains */
export const verdictOf = async (
  asking: Promise<Timed<ThroughServerAnswer>>,
  greeting: string,
  signal: AbortSignal,
): Promise<Verdict> => {
  try {
    const { status, body, server, ms } = await asking;
    if (status === 200 && body.includes(greeting)) return { is: "good", ms, how: "answers" };
    if (GATEWAY.test(server) && REDIRECTS.has(status)) return { is: "good", ms, how: "redirects to https" };
    if (GATEWAY.test(server)) return { is: "bad", what: `answers ${status}`, status };
    return { is: "unseen", why: `something before the gateway answers ${status}${server ? ` (${server})` : ""}` };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ApiError)) throw error;
    return NOBODY.test(error.message)
      ? { is: "bad", what: `does not answer: ${error.message}` }
      : { is: "unseen", why: error.message };
  }
};
