import type { Dns01Solver } from "../../ports/solver.ts";
import { partitionOf } from "./partition.ts";

/**
 * The same credentials that we use, as far as they last: an access key goes into a Secret, anything else (a session, SSO, a profile) would
 * end within hours, so that cert-manager then has to have rights of its own.
 * @param zoneId without its prefix. Given, cert-manager need not choose between zones of one name (it takes the last).
 */
export const solver = async (
  env: Readonly<Record<string, string | undefined>>,
  zoneId: string | undefined,
): Promise<Dns01Solver> => {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = env;
  const zone = { region: (await partitionOf(env)).signingRegion, ...(zoneId ? { hostedZoneID: zoneId } : {}) };
  if (!id || !secret || session)
    return {
      dns01: () => ({ route53: zone }),
      isAmbient: true,
      note: "cert-manager writes to Route 53 with the rights of its own pod: annotate its ServiceAccount with a role, or give the nodes one.",
    };
  return {
    dns01: (name) => ({
      route53: {
        ...zone,
        accessKeyIDSecretRef: { name, key: "access-key-id" },
        secretAccessKeySecretRef: { name, key: "secret-access-key" },
      },
    }),
    keys: { "access-key-id": id, "secret-access-key": secret },
    note: "the AWS access key from the environment goes into a Secret, because cert-manager renews by itself.",
  };
};
