import type { ErrorKind, Remedy } from "../ports/error.ts";
import type { Seen } from "../ports/facts.ts";
import type { Probe } from "../ports/http.ts";
import type { WorldRead } from "../ports/world.ts";

/** What a check may use. It only reads: the types keep it so (house rule 1). */
export interface ReadContext {
  /** During a wait, everything that is read through it is also watched. */
  readonly cluster: WorldRead;
  /** Reads what is too much to be watched, such as every pod there is. Absent: nothing is watched anyway. */
  readonly unwatched?: WorldRead;
  readonly probe: Probe;
  /** Of a kept rehearsal: from a port of the gateway, as the cluster says it, to the one of this machine where it opens. Absent: the same. */
  readonly opensAt?: ReadonlyMap<number, number>;
  /** As of when dates count, such as the end of a certificate. */
  readonly now: () => Date;
  /** When what is read was so, by which ages count. Absent: now. A look as of another day makes nothing wait for longer. */
  readonly readAt?: () => Date;
  readonly signal: AbortSignal;
  /** During a wait: a check that takes long says what it is waiting for, before it ends. */
  readonly onSlow?: ((reason: string, remedy: Remedy) => void) | undefined;
}

/** By which the ages of objects count. */
export const timeOfReading = ({ now, readAt }: Pick<ReadContext, "now" | "readAt">): number =>
  (readAt ?? now)().getTime();

/**
 * The answer of a check. `permanent` marks a failure that waiting cannot mend (rule 7 lists the only ones); everything else
 * shows its summary as the reason while the clock runs.
 */
export type Finding = Seen &
  (
    | { readonly status: "ok" | "skipped"; readonly summary: string }
    | {
        readonly status: "warn" | "fail" | "unknown";
        readonly summary: string;
        readonly remedy: Remedy;
        readonly permanent?: boolean;
        /** As which error it ends a command, where that is not the one of its check. */
        readonly error?: { readonly id: string; readonly why?: string; readonly kind: ErrorKind };
      }
  );

/** A finding with the check that came to it. */
export type Checked = Finding & { readonly id: string; readonly title: string };

/**
 * What a check has seen at earlier looks of the same wait, by a key of its own. The waiter keeps it, so that a check gives the same answer
 * for the same objects and the same memory; a single look has an empty one.
 */
export type Memory = Map<string, unknown>;

/** A number in it. Undefined: nothing was noted under this key. */
export const noted = (memory: Memory, key: string): number | undefined => {
  const value = memory.get(key);
  return typeof value === "number" ? value : undefined;
};

/**
 * The same thing in pre-flight, in a step's verification and in `doctor`. `title` is a statement that is true when healthy. `C` is what
 * it needs to look.
 */
export interface Check<C extends ReadContext = ReadContext> {
  readonly id: `${string}.${string}`;
  readonly title: string;
  /** Milliseconds until it looks again while it is waited for; for what the cluster cannot tell, such as the DNS. Default 5000. */
  readonly pollMs?: number;
  readonly run: (ctx: C, memory: Memory) => Promise<Finding>;
}

export const ok = (summary: string, seen: Seen = {}): Finding => ({ status: "ok", summary, ...seen });
/** There is nothing here that it could be about. */
export const skipped = (summary: string): Finding => ({ status: "skipped", summary });
export const warn = (summary: string, remedy: Remedy, seen: Seen = {}): Finding => ({
  status: "warn",
  summary,
  remedy,
  ...seen,
});
export const fail = (summary: string, remedy: Remedy, seen: Seen = {}): Finding => ({
  status: "fail",
  summary,
  remedy,
  ...seen,
});
/** Waiting cannot mend it. */
export const never = (summary: string, remedy: Remedy, seen: Seen = {}): Finding => ({
  status: "fail",
  summary,
  remedy,
  permanent: true,
  ...seen,
});

/** The data of a finding, or of an error, without its words. */
export const seenIn = ({ facts, evidence }: Seen): Seen => ({
  ...(facts ? { facts } : {}),
  ...(evidence ? { evidence } : {}),
});
