import { AuthorityError, AuthorityUnreachable } from "./authority.ts";
import { ApiError, BrokenAnswer, Unreachable } from "./cluster.ts";
import { NoAnswer, type Resolver } from "./dns.ts";
import { type Remedy, UserError } from "./error.ts";
import { sh } from "./shell.ts";
import { clockRemedy, isOutOfDate } from "./tls-dates.ts";
import { ZoneMoved, ZonesUnreachable } from "./zones.ts";

type Words = ConstructorParameters<typeof UserError>[0];

const sentence = (text: string): string => (/[.!?:]$/.test(text) ? text : `${text}.`);

const KEPT = "run the same command again; what is done is kept.";
const whenBack = (changing: boolean, otherwise: string): string =>
  changing ? `When it is back, ${KEPT}` : `Nothing was changed. ${otherwise}`;

/** Trying again does not make a certificate trusted. */
export const isDistrusted = ({ cause }: AuthorityUnreachable): boolean =>
  /CERT|SIGNATURE|ALTNAME/.test(String((cause as NodeJS.ErrnoException | undefined)?.code ?? ""));

export const trustRemedy = ({ cause }: AuthorityUnreachable): Remedy =>
  isOutOfDate(cause) ? clockRemedy() : { text: "A private CA needs its root: --acme-ca-file." };

/**
 * The one place that gives an error of the world outside (a cluster, DNS provider, name server or CA, as src/ports has them) its words and its
 * exit code, wherever it surfaces. `changing`: something may have been written already; then the exit code is 1. Otherwise an outage of the DNS or the
 * CA is 3, could not check, and what is wrong with the way to the cluster is 2. Undefined: it is another error.
 */
export const outside = (error: unknown, changing = false): UserError | undefined => {
  const words = wordsOf(error, changing);
  return words && new UserError({ ...words, kind: changing ? "failed" : words.kind, cause: error });
};

/** The error in words, where it is one of the world outside; else as it is. */
export const told = (error: unknown): unknown => outside(error) ?? error;

const wordsOf = (error: unknown, changing: boolean): Words | undefined => {
  if (error instanceof BrokenAnswer || error instanceof Unreachable || error instanceof ApiError)
    return ofCluster(error, changing);
  if (error instanceof AuthorityUnreachable || error instanceof AuthorityError) return ofAuthority(error, changing);
  if (error instanceof ZonesUnreachable)
    return {
      id: "dns.unreachable",
      what: sentence(error.message),
      remedy: whenBack(changing, "When it is back, run the same command again."),
      kind: "unseen",
    };
  if (error instanceof ZoneMoved)
    return {
      id: "dns.zone-moved",
      what: `Somebody else changed the records at the same time: ${sentence(error.message)}`,
      remedy: "Look at who writes them, then run the same command again.",
      kind: "failed",
    };
  if (error instanceof NoAnswer)
    return {
      id: "dns.resolver",
      what: `The DNS resolver cannot be asked: ${sentence(error.message)}`,
      remedy: anotherResolver(
        error,
        changing
          ? `When it is back, ${KEPT} Or name a resolver that can be reached from here.`
          : "Name a resolver that can be reached from here.",
      ),
      kind: "unseen",
    };
  return undefined;
};

/** In a rehearsal there is one, which does what was asked for. */
export const anotherResolver = ({ isRehearsed }: Pick<Resolver, "isRehearsed">, text: string): Remedy =>
  isRehearsed
    ? { text: "It is the rehearsal's own, and well where no --fault is about it:", command: sh`kn-bootstrap rehearse` }
    : { text, command: sh`kn-bootstrap plan --dns-resolver 192.0.2.53` };

const ofCluster = (error: BrokenAnswer | Unreachable | ApiError, changing: boolean): Words => {
  if (error instanceof BrokenAnswer)
    return {
      id: "cluster.broken-answer",
      what: sentence(error.message),
      why: "Something else answers in the API server's place: a proxy, a load balancer, a login page. Nothing can be concluded from that.",
      remedy: changing
        ? `When the way to the cluster is well, ${KEPT}`
        : "Check --context and --kubeconfig, and what lies between here and the cluster.",
      kind: "input",
    };
  if (error instanceof Unreachable)
    return {
      id: "cluster.unreachable",
      what: `The cluster at ${error.server} does not answer: ${sentence(error.message)}`,
      remedy: changing
        ? `When it is back, ${KEPT}`
        : "Check --context and --kubeconfig, and whether this machine can reach it.",
      kind: "input",
    };
  return {
    id: "cluster.refused",
    what: `The cluster refused ${error.request}: ${sentence(error.message)}`,
    why: `It answered ${error.status}${error.reason ? ` ${error.reason}` : ""}.`,
    remedy: error.status === 401 ? "Log in to the cluster again." : "Mend what it says and run the same command again.",
    kind: "failed",
  };
};

const ofAuthority = (error: AuthorityUnreachable | AuthorityError, changing: boolean): Words => {
  if (error instanceof AuthorityError)
    return {
      id: "acme.refused",
      what: `The CA refuses ${error.request} (the ${error.asked}): ${sentence(error.problem.detail)}`,
      remedy:
        error.problem.type === "rateLimited" || (error.problem.status ?? 0) >= 500
          ? "Run the same command again later."
          : "Mend what it says and run the same command again.",
      kind: "unseen",
    };
  const isTrust = isDistrusted(error);
  return {
    id: isTrust ? "acme.distrusted" : "acme.unreachable",
    what: `The CA at ${error.server} ${isTrust ? "shows a certificate that is not trusted" : "does not answer as it should"}: ${sentence(error.message)}`,
    remedy: isTrust ? trustRemedy(error) : whenBack(changing, "When it is back, run the same command again."),
    kind: "unseen",
  };
};
