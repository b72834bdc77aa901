import { isPlainName } from "../../ports/dns-name.ts";
import { UserError } from "../../ports/error.ts";
import { joined, type ShellCommand, sh } from "../../ports/shell.ts";
import { ZoneHidden } from "../../ports/zones.ts";
import { clocksApart } from "../clocks.ts";
import { RCODE, rcodeName } from "./message.ts";
import type { Settings } from "./settings.ts";
import type { Verdict } from "./tsig.ts";

/** Who refused what, for messages. */
export interface Subject {
  readonly settings: Settings;
  /** `192.0.2.53:5353`. */
  readonly server: string;
  /** The zone or name in question. */
  readonly name: string;
}

/** What a person runs to see the same answer; the secret stays in its variable. */
const tryKey = ({ settings: { host, port, key }, name }: Subject): ShellCommand | undefined =>
  isPlainName(name)
    ? sh`kdig @${host} -p ${port} +tcp -y ${`${key.algorithm}:${key.name}:`}"$RFC2136_TSIG_SECRET" ${name} SOA`
    : undefined;

const samples = ({ settings: { key }, name }: Subject): string =>
  [
    `Knot: an acl with "key: ${key.name}" and "action: [query, update, transfer]", named by the zone's "acl".`,
    `BIND: in the zone, update-policy { grant ${key.name} zonesub ANY; }; and allow-transfer { key ${key.name}; }.`,
    `PowerDNS: dnsupdate=yes, ALLOW-DNSUPDATE-FROM for this machine, and pdnsutil set-meta ${name} with`,
    `TSIG-ALLOW-DNSUPDATE ${key.name} and TSIG-ALLOW-AXFR ${key.name}.`,
  ].join(" ");

const wrongKey = (subject: Subject, what: string, why: string): UserError =>
  new UserError({
    id: "rfc2136.key",
    what,
    why,
    remedy: {
      text: "Compare name, algorithm and secret of the key with the server's own configuration, then try:",
      command: tryKey(subject),
    },
    kind: "input",
  });

/** Knot, when the acl lacks the action `query`: the key may change the zone, and questions that it signs are refused. */
export const mayNotAsk = (subject: Subject): UserError =>
  new UserError({
    id: "rfc2136.questions",
    what: `The name server ${subject.server} accepts changes of ${subject.name} by the TSIG key "${subject.settings.key.name}", and no questions.`,
    why: "Without a signature anybody on the way could answer them, and changes are planned by the answers.",
    remedy: {
      text: `Allow the key to ask. ${samples(subject)} Or, where the way to the server is safe, have the questions asked without a signature; the plan then says so:`,
      command: sh`export RFC2136_PLAIN_QUESTIONS=yes`,
    },
    kind: "input",
  });

/** The error for an answer that reports a TSIG error, or whose own signature is wrong. */
export const untrusted = (subject: Subject, verdict: Exclude<Verdict, { kind: "good" }>): UserError => {
  const { server, settings } = subject;
  const { name, algorithm } = settings.key;
  switch (verdict.kind) {
    case "clocks":
      return clocksApart("rfc2136.clock", `the name server ${server}`, verdict);
    case "refused":
      switch (verdict.error) {
        case RCODE.BADKEY:
          return wrongKey(
            subject,
            `The name server ${server} does not know the TSIG key "${name}" (${algorithm}).`,
            "It answered BADKEY: it has no key of this name and algorithm, or this key may not be used for this.",
          );
        case RCODE.BADSIG:
          return wrongKey(
            subject,
            `The name server ${server} does not accept the signature by the TSIG key "${name}".`,
            "It answered BADSIG: the secret there is another one.",
          );
        default:
          return wrongKey(
            subject,
            `The name server ${server} does not accept the TSIG key "${name}" (${algorithm}).`,
            `It answered ${rcodeName(verdict.error)} and no more: something of the key is different there, or its clock is.`,
          );
      }
    case "forged":
      return wrongKey(
        subject,
        `The answer of the name server ${server} is not signed by the TSIG key "${name}".`,
        "The server signs with another secret, or something in between changes its answers.",
      );
    case "unsigned":
      return wrongKey(
        subject,
        `The name server ${server} does not sign its answers.`,
        "A request signed by TSIG must be answered with a signature: the server ignores the key, or something in between answers.",
      );
  }
};

/** The error for a server that accepted a change and does not serve it. `asked`: `the new TXT of _acme-challenge.example.com`. `kept`: why it could not be taken back. */
export const unseen = (
  { server, settings: { host, port }, name }: Subject,
  asked: string,
  { cause, kept }: { readonly cause: unknown; readonly kept: string | undefined },
): UserError =>
  new UserError({
    id: "rfc2136.unseen",
    what: `The name server ${server} accepted the change but does not answer ${asked}; ${kept === undefined ? "it was taken back" : `it could not be taken back (${kept})`}.`,
    why: `What stands in the zone ${name} there is answered from elsewhere: another zone or view of the server, a delegation, or a process that lags behind.${cause instanceof UserError ? ` ${cause.message}` : ""}`,
    remedy: {
      text: "See what the server answers for the zone, and which other zones it has; then run the same command again.",
      command: isPlainName(name) ? sh`kdig @${host} -p ${port} +tcp ${name} SOA` : undefined,
    },
    kind: "failed",
    cause,
  });

/** The error for a record set that is in the zone and is not served. */
export const hidden = ({ server, settings: { host, port, key }, name: zone }: Subject, name: string, type: string) =>
  new ZoneHidden({
    id: "rfc2136.hidden",
    what: `A ${type} of ${name} stands in the zone ${zone}, and the name server ${server} does not answer it.`,
    why: "It answers the name from elsewhere: another zone or view, or a delegation. Whose it is cannot be told.",
    remedy: {
      text: "Take it away, if nobody needs it, then run the same command again:",
      command: isPlainName(name)
        ? joined(" | ", [
            sh`printf ${"%s\\n"} ${`server ${host} ${port}`} ${`zone ${zone}`} ${`update delete ${name} ${type}`} send`,
            sh`nsupdate -y ${`${key.algorithm}:${key.name}:`}"$RFC2136_TSIG_SECRET"`,
          ])
        : undefined,
    },
    kind: "failed",
  });

/** The error for a response code that a person has to act on. `doing`: `changes of example.com`. */
export const refused = (subject: Subject, rcode: number, doing: string): UserError => {
  const { server, name, settings } = subject;
  const answered = `It answered ${rcodeName(rcode)}`;
  switch (rcode) {
    case RCODE.NOTAUTH:
    case RCODE.NOTZONE:
      return new UserError({
        id: "rfc2136.zone",
        what: `The name server ${server} refuses ${doing}.`,
        why: `${answered}: it is not the primary server of the zone, or the key "${settings.key.name}" may not change it.`,
        remedy: {
          text: `Let RFC2136_NAMESERVER be the primary of ${name}, and allow the key there. ${samples(subject)} Try the key:`,
          command: tryKey(subject),
        },
        kind: "input",
      });
    case RCODE.REFUSED:
      return new UserError({
        id: "rfc2136.refused",
        what: `The name server ${server} refuses ${doing}.`,
        why: `${answered}: the server's update policy does not allow it for the key "${settings.key.name}" from this address.`,
        remedy: {
          text: `Allow it on the server. ${samples(subject)} Try the key:`,
          command: tryKey(subject),
        },
        kind: "input",
      });
    case RCODE.NOTIMP:
      return new UserError({
        id: "rfc2136.unsupported",
        what: `The name server ${server} does not know DNS UPDATE.`,
        why: `${answered}.`,
        remedy: `Let RFC2136_NAMESERVER be the primary of ${name}, or turn on dynamic updates there. ${samples(subject)}`,
        kind: "input",
      });
    default:
      return new UserError({
        id: "rfc2136.refused",
        what: `The name server ${server} does not carry out ${doing}.`,
        why: `${answered}.`,
        remedy: `The log of the name server says more. What it needs: ${samples(subject)}`,
        kind: "input",
      });
  }
};

/** A server refuses questions about zones that it lacks in the same way as those that the key may not ask. */
export const noZoneFor = (subject: Subject): UserError =>
  new UserError({
    id: "rfc2136.no-zone",
    what: `The name server ${subject.server} has no zone for ${subject.name}, or the TSIG key "${subject.settings.key.name}" may not ask about it.`,
    why: "It answers with authority for no name at or above it.",
    remedy: {
      text: `Let RFC2136_NAMESERVER be the primary server of its zone, and allow the key there. ${samples(subject)} Try the key:`,
      command: tryKey(subject),
    },
    kind: "input",
  });
