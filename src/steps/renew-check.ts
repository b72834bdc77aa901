import { directoryOf, isAcme } from "../certificates/index.ts";
import { inspect } from "../certificates/secret.ts";
import { HOME, MANAGER, withOwner } from "../core/inventory.ts";
import { outage } from "../core/outage.ts";
import { ApiError } from "../ports/cluster.ts";
import { messageOf, type Remedy, UserError } from "../ports/error.ts";
import type { KubeObject } from "../ports/object.ts";
import { sh } from "../ports/shell.ts";
import { relativeTo } from "../ports/zones.ts";
import type { Installation } from "./installation.ts";
import type { Tools } from "./lifecycle.ts";
import { asWritten } from "./renewing.ts";
import { WILDCARD } from "./tls.ts";

/** One thing that a renewal needs. `try` resolves to what was found, and rejects with what is wrong. */
interface Trial {
  readonly id: string;
  /** True when all is well. */
  readonly title: string;
  readonly try: () => Promise<string>;
}

const couldNot = (what: string, remedy: Remedy): UserError =>
  new UserError({ id: "renew.check", what, remedy, exitCode: 3 });

/**
 * Whether a renewal would work from here: the certificate is there, the zone can be read, the CA answers, the server would take the
 * Secret. Changes nothing; no order is made. Each trial is told as a check. Throws (exit code 3) for the first that failed.
 */
export const checkRenewal = async (install: Installation, tools: Tools): Promise<void> => {
  const trials = [
    certificateThere(tools),
    ...(isAcme(install.config.tls) ? asked(install, tools) : []),
    writable(tools),
  ];
  const failures: UserError[] = [];
  for (const { id, title, try: attempt } of trials) {
    try {
      tools.emit({ type: "check", id, title, status: "ok", summary: await attempt() });
    } catch (error) {
      tools.signal.throwIfAborted();
      const failure = explained(error);
      tools.emit({ type: "check", id, title, status: "fail", summary: failure.message, remedy: failure.remedy });
      failures.push(failure);
    }
  }
  const [first] = failures;
  if (!first) return;
  const { id, why, remedy } = first;
  const what = failures.map(({ message }) => message).join(" ");
  throw new UserError({ id, what, ...(why ? { why } : {}), remedy, exitCode: 3, cause: first });
};

const explained = (error: unknown): UserError => {
  if (error instanceof UserError) return error;
  const passing = outage(error);
  if (passing) return couldNot(passing.wait, passing.remedy);
  if (error instanceof ApiError)
    return couldNot(error.message, { text: "Give the account what it lacks, or lift what refuses it." });
  throw error;
};

const certificateThere = ({ cluster }: Tools): Trial => ({
  id: "renew.certificate",
  title: "There is a certificate to renew",
  try: async () => {
    const found = inspect(await cluster.get(WILDCARD));
    if (found) return `${found.names.join(", ")} until ${found.notAfter.toISOString().slice(0, 10)}`;
    throw couldNot(`Secret ${WILDCARD.namespace}/${WILDCARD.name} holds no certificate.`, {
      text: "Install again, which makes one.",
      command: sh`kn-bootstrap install`,
    });
  },
});

const asked = ({ config, dns, acmeCa }: Installation, tools: Tools): readonly Trial[] => [
  {
    id: "renew.zone",
    title: "The zone of the challenge can be read",
    try: async () => {
      const { cluster, zones } = tools;
      if (!dns || !zones)
        throw couldNot("Nobody writes records for this domain.", { text: "Install with another --dns." });
      const { zone, provider } = dns.publication;
      const [name = zone.name] = inspect(await cluster.get(WILDCARD))?.names ?? [];
      const { challengeName } = await import("../dns/challenge.ts");
      const challenge = challengeName(name);
      const left = await zones.get(zone, relativeTo(zone, challenge), "TXT");
      return `${zone.name} at ${provider.title}; ${left.length === 0 ? "nothing" : "a value"} stands at ${challenge}`;
    },
  },
  {
    id: "renew.authority",
    title: "The CA answers",
    try: async () => {
      const directory = directoryOf(config.tls, config.acmeDirectory) ?? "";
      const authority = await tools.createAuthority({ directory, ...(acmeCa ? { ca: acmeCa } : {}) });
      const { profiles, hasRenewalInfo } = await authority.directory(tools.signal);
      const { acmeProfile } = config;
      if (acmeProfile && !(acmeProfile in profiles))
        throw couldNot(`${directory} has no profile ${acmeProfile} any more.`, {
          text: `Install with ${Object.keys(profiles).length > 0 ? `another --acme-profile (${Object.keys(profiles).join(", ")}), or with ` : ""}--reset-choice acme-profile.`,
        });
      return `${directory}${hasRenewalInfo ? ", and says when to renew" : ""}`;
    },
  },
];

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
