import { provesByDns, strategyOf } from "../certificates/index.ts";
import type { Config } from "../config/config.ts";
import { dnsProvider } from "../dns/index.ts";
import { findAddress } from "../ingress/address.ts";
import { HOME } from "../kube/inventory.ts";
import type { ClusterRead } from "../ports/cluster.ts";
import { UserError } from "../ports/error.ts";
import { dataOf } from "../ports/object.ts";
import { readerOf } from "../ports/reader.ts";
import { joined, type ShellCommand, sh } from "../ports/shell.ts";
import type { Installation } from "../steps/installation.ts";
import { CREDENTIALS, needOf } from "../steps/renewal/credentials.ts";
import type { CronWish } from "../steps/renewal/objects.ts";

const refuse = (id: string, what: string, why: string, text: string, command?: ShellCommand): UserError =>
  new UserError({ id: `cron.${id}`, what, why, remedy: { text, ...(command ? { command } : {}) }, kind: "input" });

/** Throws (exit code 2) where a CronJob could renew nothing, or not alone (rule 26). Looks at the choices only. */
export const assertRenewsAlone = (config: Config): void => {
  const { tls, dns } = config;
  const { elsewhere } = strategyOf(tls);
  if (elsewhere)
    throw refuse("elsewhere", "There is nothing for a CronJob to renew.", elsewhere.answer, "Leave it out.");
  if (provesByDns(config) && dnsProvider(dns)?.byHand)
    throw refuse(
      "by-hand",
      `With --dns ${dns} nothing can renew alone.`,
      "A person has to publish the record of each challenge.",
      "Renew by hand when status says so, or install with a --dns that writes records by itself.",
      sh`kn-bootstrap renew`,
    );
};

/**
 * The wish, complete. Throws (exit code 2) without an image, or when the DNS provider's credentials are missing: neither identity nor Secret is
 * named, the Secret does not exist, or lacks keys. Reads only.
 */
export const completeWish = async (
  given: Partial<CronWish>,
  { config, ingress }: Installation,
  cluster: ClusterRead,
): Promise<CronWish> => {
  assertRenewsAlone(config);
  const { image, ...rest } = given;
  if (!image)
    throw refuse(
      "image",
      "--install-cronjob needs --image.",
      "The nodes must pull kn-bootstrap from somewhere.",
      "Build it from the Dockerfile of this repository, push it, and name it:",
      sh`docker build -t registry.example.com/kn-bootstrap . && docker push registry.example.com/kn-bootstrap`,
    );
  const address = await findAddress(readerOf(cluster), config, ingress);
  if (config.expose === "nodeport" && !config.address && address?.source.startsWith("kind"))
    throw refuse(
      "unreachable",
      "A pod cannot prove what the gateway serves here.",
      "On kind the gateway answers at 127.0.0.1 of your machine, which inside a pod is the pod itself.",
      "Renew from this machine instead, or install with --address.",
      sh`kn-bootstrap renew`,
    );
  const wish = { ...rest, image };
  if (provesByDns(config)) await assertCredentials(wish, config.dns, cluster);
  else await assertSecret(wish.credentialsSecret, [], config.dns, cluster);
  return wish;
};

const assertCredentials = async (wish: CronWish, dns: string, cluster: ClusterRead): Promise<void> => {
  const { identity, credentialsSecret } = wish;
  const need = needOf(dns, credentialsSecret);
  if (!need) return assertSecret(credentialsSecret, [], dns, cluster);
  const title = dnsProvider(dns)?.title ?? dns;
  if (identity && identity.option !== need.identity?.option)
    throw refuse(
      "role",
      `${identity.option} does not go with --dns ${dns}.`,
      `${capital(identity.title)} opens no way to ${title}.`,
      "Give --credentials-secret instead; it can be made like this:",
      need.example,
    );
  if (!identity && !credentialsSecret)
    throw refuse(
      "credentials",
      `The CronJob would have no way to ${title}.`,
      `Each renewal writes a TXT record, and your own credentials stay with you. It needs ${need.keys.join(", ")}${need.identity ? `, or ${need.identity.title}` : ""}.`,
      `Give ${need.identity ? `${need.identity.option}, or ` : ""}--credentials-secret ${CREDENTIALS} with a Secret like this:`,
      need.example,
    );
  await assertSecret(credentialsSecret, identity ? [] : need.keys, dns, cluster);
};

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** Looks whether the keys are there; their values are never shown. */
const assertSecret = async (
  name: string | undefined,
  keys: readonly string[],
  dns: string,
  cluster: ClusterRead,
): Promise<void> => {
  if (!name) return;
  const example = needOf(dns, name)?.example;
  const secret = await cluster.get({ apiVersion: "v1", kind: "Secret", namespace: HOME, name });
  if (!secret)
    throw refuse(
      "secret",
      `Secret ${HOME}/${name} does not exist.`,
      "--credentials-secret names it.",
      "Create it:",
      example,
    );
  const missing = keys.filter((key) => !dataOf(secret)[key]);
  if (missing.length > 0)
    throw refuse(
      "secret-keys",
      `Secret ${HOME}/${name} lacks ${missing.join(", ")}.`,
      "Its keys become the environment of the CronJob.",
      "Create it anew:",
      joined(" && ", [sh`kubectl delete secret ${name} -n ${HOME}`, ...(example ? [example] : [])]),
    );
};
