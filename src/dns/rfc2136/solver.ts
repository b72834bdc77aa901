import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import type { Dns01Solver } from "../../ports/solver.ts";
import { readSettings } from "./settings.ts";

/** What cert-manager (1.0 to 1.18 and later) calls those of our algorithms that it knows. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  "hmac-sha1": "HMACSHA1",
  "hmac-sha256": "HMACSHA256",
  "hmac-sha512": "HMACSHA512",
};

/** The same name server and key that we use. Throws UserError `cert-manager.tsig` (exit code 2), and as {@link readSettings}. */
export const solver = async (env: Readonly<Record<string, string | undefined>>): Promise<Dns01Solver> => {
  const { host, port, key } = await readSettings(env);
  const tsigAlgorithm = ALGORITHMS[key.algorithm];
  if (!tsigAlgorithm)
    throw new UserError({
      id: "cert-manager.tsig",
      what: `cert-manager cannot sign with the TSIG algorithm ${key.algorithm}.`,
      why: "It knows hmac-sha256, hmac-sha512, hmac-sha1 and hmac-md5.",
      remedy: {
        text: "Make a key of one of these and name it in the server's configuration:",
        command: sh`tsig-keygen -a hmac-sha256 cert-manager`,
      },
      kind: "input",
    });
  return {
    dns01: (name) => ({
      rfc2136: {
        nameserver: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
        tsigKeyName: key.name,
        tsigAlgorithm,
        tsigSecretSecretRef: { name, key: "tsig-secret" },
      },
    }),
    // base64 as in a key file of BIND: cert-manager decodes it itself.
    keys: { "tsig-secret": key.secret.toString("base64") },
  };
};
