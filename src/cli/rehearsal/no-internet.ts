import { asksAcmeCa } from "../../certificates/index.ts";
import type { Config } from "../../config/config.ts";
import { dnsProvider } from "../../dns/index.ts";
import { NoAnswer } from "../../ports/dns.ts";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import type { Adapters } from "../outside.ts";

type Ways = Pick<Adapters, "createResolver" | "createAuthority" | "createProbe">;

/** Credentials for nobody, at a port at which nobody answers (tcpmux, RFC 1078): what is asked all the same ends on this machine. */
export const NOWHERE: Readonly<Record<string, string>> = {
  AWS_ENDPOINT_URL_ROUTE_53: "http://127.0.0.1:1",
  AWS_ACCESS_KEY_ID: "none",
  AWS_SECRET_ACCESS_KEY: "none",
  AWS_REGION: "us-east-1",
  AWS_EC2_METADATA_DISABLED: "true",
};

/** The ways out of a rehearsal that has no internet: they lead nowhere, and say so. */
export const noInternet = ({ createProbe }: Ways, name: string): Ways => {
  const ask = async (): Promise<never> => {
    throw new NoAnswer(name, `${name} has no name servers: it was begun without a domain`, undefined, true);
  };
  return {
    createProbe,
    createResolver: async () => ({ server: name, isRehearsed: true, ask, askUnchecked: ask, askServer: ask }),
    createAuthority: async () => {
      throw lacking(name);
    },
  };
};

/** Throws UserError (exit code 2) where a configuration needs name servers, a DNS provider or a CA. */
export const assertNoneNeeded = (config: Config, name: string): void => {
  if (dnsProvider(config.dns) !== undefined || asksAcmeCa(config)) throw lacking(name);
};

const lacking = (name: string): UserError =>
  new UserError({
    id: "rehearse.internet",
    what: `${name} has no name servers, no DNS provider and no CA: it was begun without a domain.`,
    why: "Whoever works at a rehearsal asks nobody outside of it.",
    remedy: {
      text: "Keep one with a domain:",
      command: sh`kn-bootstrap rehearse --keep --domain apps.example.com --dns route53`,
    },
    kind: "input",
  });
