import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DnsProvider, ZoneNamesOptions } from "../provider.ts";
import { openClient } from "./client.ts";
import { normalName } from "./names.ts";

/** Any of these says that somebody set up AWS here. Instance roles say nothing, and asking for them takes its time. */
const SIGNS = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

const isLikely = (env: ZoneNamesOptions["env"]): boolean => {
  if (SIGNS.some((name) => env[name])) return true;
  const home = env.HOME ?? env.USERPROFILE;
  const files = [
    env.AWS_SHARED_CREDENTIALS_FILE ?? (home && join(home, ".aws", "credentials")),
    env.AWS_CONFIG_FILE ?? (home && join(home, ".aws", "config")),
  ];
  return files.some((file) => file && existsSync(file));
};

/** Enough to propose one. The permission is the one that looking up a domain needs anyway. */
const MOST = 100;

/** Asks for the names of the account's public hosted zones, the first hundred. Undefined: nothing says that there are credentials. */
export const zoneNames: NonNullable<DnsProvider["zoneNames"]> = async ({ env, learn }) => {
  if (!isLikely(env)) return undefined;
  const client = await openClient({ env, maxAttempts: 1, ...(learn ? { learn } : {}), onFailedTry: () => {} });
  return async (signal) => {
    try {
      const { HostedZones = [] } = await client.listHostedZonesByName({ MaxItems: MOST }, { abortSignal: signal });
      const names = HostedZones.filter(({ Config }) => !Config?.PrivateZone).map(({ Name = "" }) => normalName(Name));
      return [...new Set(names)].sort();
    } finally {
      client.destroy();
    }
  };
};
