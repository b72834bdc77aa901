import type { RecordSet } from "../ports/zones.ts";
import { manual } from "./manual/index.ts";
import type { DnsProvider } from "./provider.ts";
import { rfc2136 } from "./rfc2136/index.ts";
import { route53 } from "./route53/index.ts";

/** Providers that keep records for us, a person among them. A new one is a file beside this one and a line here. */
export const providers = [route53, rfc2136, manual] as const satisfies readonly DnsProvider[];

/** A value of --dns: `magic` needs no records, `none` leaves them to you. */
export type DnsId = (typeof providers)[number]["id"] | "magic" | "none";

export const ids: readonly DnsId[] = [...providers.map(({ id }) => id), "magic", "none"];

/** Undefined: nobody writes records for this choice. */
export const dnsProvider = (id: string): DnsProvider | undefined => providers.find((provider) => provider.id === id);

/** For people: what a set answers that only its own provider understands. Undefined: its values. */
export const answerOf = (set: RecordSet): string | undefined =>
  providers.map((provider) => provider.answerOf?.(set)).find((text) => text !== undefined);
