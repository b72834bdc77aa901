import type { Config } from "../config/config.ts";
import type { Emit } from "../core/event.ts";
import { LOOK_MS } from "../core/patience.ts";
import { patientResolver } from "../dns/patient.ts";
import type { Resolver } from "../ports/dns.ts";

/** Tells what the DNS, or who keeps it, is waited for before anything is written. */
export const tellDns =
  (emit: Emit, text: string) =>
  (reason: string): void =>
    emit({ type: "waiting", step: "dns", check: "dns.answers", reason, remedy: { text } });

/** For what is looked at before anything is written: trouble that passes is told and waited for. */
export const patientlyAsked = (resolver: Resolver, { timeout }: Pick<Config, "timeout">, emit: Emit): Resolver =>
  patientResolver(resolver, {
    patienceMs: Math.min(timeout * 1000, LOOK_MS),
    onTrouble: tellDns(emit, "It is asked again for a while; see whether the resolver is well."),
  });
