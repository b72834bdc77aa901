import { patient } from "../patience.ts";

/** What `doctor` says at a fault around the cluster, and in which world. */
export interface OutsideRow {
  readonly fault: string;
  /** What meets it: a cluster that works, when the fault begins; or an install, which ends by it or waits it out. */
  readonly met: "by what works" | "by an install that fails" | "by an install that waits";
  /** The check that leads; or the first that could not look. */
  readonly leads?: string;
  readonly unknown?: string;
  readonly summary?: RegExp;
  /** Why nothing is to be said: doctor is green then. */
  readonly over?: string;
  /** Each question takes seconds, and doctor has some that follow from another. */
  readonly isSlow?: true;
}

const OVER = "over when looked at: the install has waited it out";

/**
 * A CA refuses orders alone, and doctor orders nothing: what it says of that is what an install has kept of its end. A resolver that knows
 * nothing ends an install before it has written anything, so that it is met by what works.
 */
export const OUTSIDE_LEADS: readonly OutsideRow[] = [
  { fault: "resolver-servfail:600", met: "by what works", unknown: "dns.resolver", summary: /answers SERVFAIL even/ },
  {
    fault: "resolver-late:600",
    isSlow: true,
    met: "by what works",
    leads: "dns.resolver",
    summary: /resolver \S+ takes 2\.\d s/,
  },
  {
    fault: "dns-late:600",
    isSlow: true,
    met: "by what works",
    leads: "dns.prompt",
    summary: /every server of example\.com takes 2\.\d s/,
  },
  {
    fault: "resolver-late:600",
    isSlow: true,
    met: "by an install that fails",
    leads: "dns.resolver",
    summary: /takes 2\.\d s/,
  },
  {
    fault: "dns-late:600",
    isSlow: true,
    met: "by an install that fails",
    leads: "dns.prompt",
    summary: /takes 2\.\d s/,
  },
  {
    fault: "ca-500:600",
    met: "by an install that fails",
    leads: "knative.stopped",
    summary: /the CA at \S+ .*(answers 500|has not answered)/i,
  },
  { fault: "ca-503:600", met: "by an install that fails", leads: "knative.stopped", summary: /Service busy/ },
  {
    fault: "ca-servfail:600",
    met: "by an install that fails",
    leads: "knative.stopped",
    summary: /SERVFAIL looking up CAA/,
  },
  { fault: `resolver-servfail:${patient(0.5)}`, met: "by an install that waits", over: OVER },
  { fault: `ca-500:${patient(1)}`, met: "by an install that waits", over: OVER },
  { fault: `ca-503:${patient(1)}`, met: "by an install that waits", over: OVER },
  { fault: "ca-servfail:0.5", met: "by an install that waits", over: OVER },
];
