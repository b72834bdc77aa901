import { provesByDns } from "../../certificates/index.ts";
import type { Config } from "../../config/config.ts";
import { dnsProvider } from "../../dns/index.ts";
import type { AccountIdentity } from "../../dns/provider.ts";
import { HOME } from "../../kube/inventory.ts";
import { type ShellCommand, sh } from "../../ports/shell.ts";

/** What a DNS provider wants to find in the environment. */
interface Need {
  readonly keys: readonly string[];
  /** What its account can be there instead. */
  readonly identity?: AccountIdentity;
  /** A command to copy. */
  readonly example: ShellCommand;
}

const create = (name: string, keys: readonly string[]): ShellCommand => {
  const literals = keys.map((key) => ({ before: `--from-literal=${key}=`, variable: key }));
  return sh`kubectl create secret generic ${name} -n ${HOME} ${literals}`;
};

/** Of the Secret that holds them. */
export const CREDENTIALS = "renew-credentials";

export const needOf = (dns: string, name = CREDENTIALS): Need | undefined => {
  const provider = dnsProvider(dns);
  const keys = provider?.variables;
  const identity = provider?.identity;
  return keys && { keys, ...(identity ? { identity } : {}), example: create(name, keys) };
};

/** The command that installs the CronJob for these choices, credentials included. */
export const cronJobCommand = (config: Pick<Config, "tls" | "dns">): ShellCommand =>
  sh`kn-bootstrap renew --install-cronjob --image IMAGE ${provesByDns(config) && needOf(config.dns) ? ["--credentials-secret", CREDENTIALS] : []}`;
