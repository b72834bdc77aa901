import type { Resolver } from "../ports/dns.ts";
import type { UserError } from "../ports/error.ts";
import type { RecordsTask } from "../ports/facts.ts";
import type { Learn } from "../ports/secrets.ts";
import type { Dns01Solver } from "../ports/solver.ts";
import type { RecordSet, ZonesWrite } from "../ports/zones.ts";

/** What a provider may use to reach its service. */
export interface ZonesOptions {
  /** Credentials come from here or from the provider's own chain, never from an option (house rule 17). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told of the credentials that were found. Absent: nothing is printed. */
  readonly learn?: Learn;
  readonly signal: AbortSignal;
  /** Told why the service keeps us waiting (throttling, a change that is still pending). */
  readonly onTrouble: (reason: string) => void;
  /** Told what a person has to do. Absent: nobody listens. */
  readonly onTask?: (task: RecordsTask) => void;
  /** For those that have to look at the DNS itself. */
  readonly resolver: Resolver;
  /** Whether a person can be asked to do something. */
  readonly interactive: boolean;
}

/** A look at what a provider's credentials at hand open, before anything is chosen. */
export type ZoneNamesOptions = Pick<ZonesOptions, "env" | "learn">;

/** What a ServiceAccount can be at a provider's service, so that its pods need no credentials. */
export interface AccountIdentity {
  /** For people, with its article: `an account of …`. */
  readonly title: string;
  /** The flag that names one. */
  readonly option: string;
  /** What a ServiceAccount says to be the one of this name. */
  readonly annotations: (name: string) => Readonly<Record<string, string>>;
}

/** Somebody who keeps the records of the domain. */
export interface DnsProvider<Id extends string = string> {
  readonly id: Id;
  /** For people: `a name server with DNS UPDATE (RFC 2136)`. */
  readonly title: string;
  /** One line for docs/options.md: where its credentials come from. */
  readonly credentials: string;
  /** A person writes the records: no more of them than must be, and nobody keeps marks of ownership. */
  readonly byHand?: true;
  /** The record set, of the provider's own form, that makes a name (relative) answer what a load balancer's host name does. Undefined: it takes a CNAME (rule 20). */
  readonly follow?: (name: string, host: string) => Promise<RecordSet | undefined>;
  /** For people: what a set of the provider's own form answers. Undefined: its values. */
  readonly answerOf?: (set: RecordSet) => string | undefined;
  /**
   * For the wizard: resolves, when all that it takes is loaded, to the question for the names of the public zones that can be seen. The answer
   * is empty where the provider does not tell; undefined: nothing says that there are credentials. One try; the caller does not wait long.
   */
  readonly zoneNames?: (
    options: ZoneNamesOptions,
  ) => Promise<((signal: AbortSignal) => Promise<readonly string[]>) | undefined>;
  /** How a controller in the cluster writes to it, with the credentials at hand; absent: it has no solver for it. Throws UserError (exit code 2). */
  readonly solver?: (env: ZonesOptions["env"], zoneId: string | undefined) => Promise<Dns01Solver>;
  /** The variable that says whose zones are meant. */
  readonly accountVariable?: string;
  /** What a Secret holds for somebody else to use it, such as a CronJob: names of variables. */
  readonly variables?: readonly string[];
  /** What does instead of them for pods of a ServiceAccount. */
  readonly identity?: AccountIdentity;
  /** Its library is loaded here and not before. */
  readonly open: (options: ZonesOptions) => Promise<
    ZonesWrite & {
      /** What the plan has to say about the way to it. */
      readonly notes?: readonly string[];
      /** That it has no zone at or above a domain; it names who was asked. */
      readonly noZone?: (domain: string) => UserError;
      readonly close: () => void;
    }
  >;
}
