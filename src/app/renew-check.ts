import { directoryOf, provesByDns } from "../certificates/index.ts";
import { inspect } from "../certificates/secret.ts";
import { WILDCARD } from "../certificates/served.ts";
import { ownNaming } from "../config/naming.ts";
import { LOOK_MS, patiently, within } from "../core/patience.ts";
import { HOME, MANAGER, withOwner } from "../kube/inventory.ts";
import { ApiError } from "../ports/cluster.ts";
import { messageOf, type Remedy, UserError } from "../ports/error.ts";
import { few } from "../ports/few.ts";
import type { KubeObject } from "../ports/object.ts";
import { outage } from "../ports/outage.ts";
import { told } from "../ports/outside.ts";
import { sh } from "../ports/shell.ts";
import { absolute, relativeTo, zoneLabel } from "../ports/zones.ts";
import { plannedChallenges } from "../steps/gateway-certificate/challenges.ts";
import type { Installation } from "../steps/installation.ts";
import { caaOf, mayWrite, writingsOf } from "./foresight.ts";
import { asWritten } from "./renewing.ts";
import type { Tools } from "./tools.ts";

/** One thing that a renewal needs. `try` resolves to what was found, and rejects with what is wrong. */
interface Trial {
  readonly id: string;
  /** True when all is well. */
  readonly title: string;
  readonly try: () => Promise<string>;
}

const couldNot = (what: string, remedy: Remedy): UserError =>
  new UserError({ id: "renew.check", what, remedy, kind: "unseen" });

/**
 * Whether a renewal would work from here, on the way that it would take: the certificate is there, each challenge has a place that can be read and
 * written, CAA allows it, the CA answers, the server would take the Secret. Changes nothing; no order is made. Each trial is told as a check, and to `tell` what
 * it found; what may pass by itself is waited for a while. Throws (exit code 3) for the first that failed.
 */
export const checkRenewal = async (
  install: Installation,
  tools: Tools,
  tell: (text: string) => void = () => {},
): Promise<void> => {
  const trials = [
    certificateThere(tools),
    ...(provesByDns(install.config) ? asked(install, tools) : []),
    writable(tools),
  ];
  const failures: UserError[] = [];
  for (const { id, title, try: attempt } of trials) {
    try {
      const summary = await patiently(attempt, {
        signal: tools.signal,
        remaining: within(Math.min(tools.config.timeout * 1000, LOOK_MS)),
        onReason: (reason, remedy) => tools.emit({ type: "waiting", step: "renew", check: id, reason, remedy }),
      });
      tools.emit({ type: "check", id, title, status: "ok", summary });
      tell(`${title}: ${summary}.`);
    } catch (error) {
      tools.signal.throwIfAborted();
      const failure = asUserError(error);
      tools.emit({ type: "check", id, title, status: "fail", summary: failure.message, remedy: failure.remedy });
      failures.push(failure);
    }
  }
  const [first] = failures;
  if (!first) return;
  const { id, why, remedy } = first;
  const what = [...new Set(failures.map(({ message }) => message))].join(" ");
  throw new UserError({ id, what, ...(why ? { why } : {}), remedy, kind: "unseen", cause: first });
};

const asUserError = (thrown: unknown): UserError => {
  const error = told(thrown);
  if (error instanceof UserError) return error;
  throw error;
};

const certificateThere = ({ cluster }: Tools): Trial => ({
  id: "renew.certificate",
  title: "There is a certificate to renew",
  try: async () => {
    const found = inspect(await cluster.get(WILDCARD));
    if (found) return `${few(found.names)} until ${found.notAfter.toISOString().slice(0, 10)}`;
    throw couldNot(`Secret ${WILDCARD.namespace}/${WILDCARD.name} holds no certificate.`, {
      text: "Install again, which makes one.",
      command: sh`kn-bootstrap install`,
    });
  },
});

/** What an order goes through, on the same way: its names, their places, the write, CAA, the CA. */
const asked = (install: Installation, tools: Tools): readonly Trial[] => {
  const { config, dns, acmeCa } = install;
  const names = ownNaming(config)?.wildcards ?? [];
  const publication = (): NonNullable<Installation["dns"]>["publication"] => {
    if (dns && tools.zones) return dns.publication;
    throw couldNot("Nobody writes records for this domain.", { text: "Install with another --dns." });
  };
  return [
    {
      id: "renew.zone",
      title: "The challenge has a place, and it can be read",
      try: async () => {
        const { places, zones, provider } = publication();
        const found = await Promise.all(names.map(places.challenge));
        const told = found.map(async ({ zone, name, note }) => {
          const left = await zones.get(zone, relativeTo(zone, name), "TXT");
          const where = `${name} in zone ${zoneLabel(zone)} at ${provider.title}, where ${left.length === 0 ? "nothing" : "a value"} stands`;
          return note ? `${where} (${note})` : where;
        });
        return (await Promise.all(told)).join("; ");
      },
    },
    {
      id: "renew.write",
      title: "The challenge may be written",
      try: async () => {
        const writings = (await plannedChallenges(names, publication())).flatMap(writingsOf);
        const how = await mayWrite(writings, tools);
        const what = writings.map(({ zone, name }) => `TXT ${absolute(zone, name)}`).join(", ");
        return how === undefined ? `not tried, as a person writes it: ${what}` : `${what}: tried ${how}`;
      },
    },
    {
      id: "renew.caa",
      title: "CAA lets the CA issue",
      try: async () => {
        publication();
        return (await caaOf(names, install, tools)).join("; ");
      },
    },
    {
      id: "renew.authority",
      title: "The CA answers",
      try: async () => {
        const directory = directoryOf(config) ?? "";
        const authority = await tools.createAuthority({ directory, ...(acmeCa ? { ca: acmeCa } : {}) });
        const { profiles, hasRenewalInfo } = await authority.directory(tools.signal);
        const { acmeProfile } = config;
        if (acmeProfile && !(acmeProfile in profiles))
          throw couldNot(`${directory} has no profile ${acmeProfile} any more.`, {
            text: `Install with ${Object.keys(profiles).length > 0 ? `another --acme-profile (${Object.keys(profiles).join(", ")}), or with ` : ""}--reset-choice acme-profile.`,
          });
        return `${directory}${hasRenewalInfo ? ", and says when to renew" : ""}; it will be asked for ${names.join(", ")}`;
      },
    },
  ];
};

/** A dry run asks the server, admission included, and stores nothing (rule 26). */
const writable = ({ cluster }: Tools): Trial => ({
  id: "renew.secret",
  title: "The server would take the new Secret",
  try: async () => {
    const live = await cluster.get(WILDCARD);
    const order: KubeObject = withOwner(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { namespace: HOME, name: "renew-check" },
        type: "Opaque",
        data: {},
      },
      "certificate",
    );
    for (const object of [...(live ? [asWritten(live)] : []), order])
      await cluster.dryRun(object, { manager: MANAGER }).catch((error: unknown) => {
        throw error instanceof ApiError && outage(error) === undefined
          ? couldNot(`The server would refuse Secret ${HOME}/${object.metadata.name}: ${messageOf(error)}.`, {
              text: "Give the account what it lacks, or lift what refuses it.",
            })
          : error;
      });
    return `Secret ${HOME}/${WILDCARD.name}, by a dry run`;
  },
});
