import { UserError } from "../../ports/error.ts";
import type { KubeObject } from "../../ports/object.ts";

/** How cert-manager writes the TXT records of DNS-01, at the provider of `--dns`. */
/** Those of our DNS providers that cert-manager has a solver for. */
export const SOLVERS: readonly string[] = ["route53", "rfc2136"];

export type Dns01 =
  | {
      readonly provider: "route53";
      /** Without its prefix. Given, cert-manager need not choose between zones of one name (it takes the last). */
      readonly zoneId?: string;
      /** `pod`: what its pod has by itself: a role of its ServiceAccount, or of the node. */
      readonly credentials: "pod" | AccessKey;
      /** ARN of a role that it assumes with them. */
      readonly role?: string;
    }
  | {
      readonly provider: "rfc2136";
      /** `host`, `host:port`, `[v6]:port`; port 53 when absent. */
      readonly nameserver: string;
      readonly key?: TsigKey;
    };

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

export interface TsigKey {
  readonly name: string;
  /** As RFC 8945 §6 calls it: `hmac-sha256`, with or without a dot at its end. */
  readonly algorithm: string;
  /** base64, as in a key file of BIND. */
  readonly secret: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** One solver of an ACME issuer, and the Secret that it refers to. */
export interface Solver {
  readonly dns01: Readonly<Record<string, unknown>>;
  /** Goes into cert-manager's namespace for cluster resources, before the issuer. */
  readonly secret: KubeObject | undefined;
}

const SECRET = "kn-bootstrap-dns";

/** What cert-manager (1.0 to 1.18 and later) calls the algorithms that it knows. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  "hmac-md5": "HMACMD5",
  "hmac-md5.sig-alg.reg.int": "HMACMD5",
  "hmac-sha1": "HMACSHA1",
  "hmac-sha256": "HMACSHA256",
  "hmac-sha512": "HMACSHA512",
};

const algorithmOf = ({ algorithm }: TsigKey): string => {
  const found = ALGORITHMS[algorithm.toLowerCase().replace(/\.$/, "")];
  if (found) return found;
  throw new UserError({
    id: "cert-manager.tsig",
    what: `cert-manager cannot sign with the TSIG algorithm ${algorithm}.`,
    why: "It knows hmac-sha256, hmac-sha512, hmac-sha1 and hmac-md5.",
    remedy: {
      text: "Make a key of one of these and name it in the server's configuration:",
      command: "tsig-keygen -a hmac-sha256 cert-manager",
    },
    exitCode: 2,
  });
};

const secretOf = (namespace: string, data: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: SECRET, namespace },
  type: "Opaque",
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
});

/**
 * Builds the solver.
 * @param namespace where cert-manager looks for the Secrets of a ClusterIssuer
 * @throws UserError `cert-manager.tsig` (exit 2)
 */
export const solverFor = (dns: Dns01, namespace: string): Solver => {
  if (dns.provider === "rfc2136") {
    const { nameserver, key } = dns;
    const signing = key && {
      tsigKeyName: key.name.replace(/\.$/, ""),
      tsigAlgorithm: algorithmOf(key),
      tsigSecretSecretRef: { name: SECRET, key: "tsig-secret" },
    };
    return {
      dns01: { rfc2136: { nameserver: withPort(nameserver), ...signing } },
      secret: key && secretOf(namespace, { "tsig-secret": key.secret }),
    };
  }
  const { zoneId, credentials, role } = dns;
  const reference =
    credentials === "pod"
      ? {}
      : {
          accessKeyIDSecretRef: { name: SECRET, key: "access-key-id" },
          secretAccessKeySecretRef: { name: SECRET, key: "secret-access-key" },
        };
  return {
    // Route 53 has one endpoint and one signing region for all the world but China and GovCloud.
    dns01: {
      route53: {
        region: "us-east-1",
        ...(zoneId ? { hostedZoneID: zoneId } : {}),
        ...(role ? { role } : {}),
        ...reference,
      },
    },
    secret:
      credentials === "pod"
        ? undefined
        : secretOf(namespace, { "access-key-id": credentials.id, "secret-access-key": credentials.secret }),
  };
};

const withPort = (nameserver: string): string => {
  const isBareV6 = nameserver.split(":").length > 2 && !nameserver.startsWith("[");
  if (isBareV6) return `[${nameserver}]:53`;
  return /:\d+$/.test(nameserver) ? nameserver : `${nameserver}:53`;
};

/**
 * The same credentials that we use for `--dns route53`, as far as they last: an access key goes into a Secret, anything else (a session,
 * SSO, a profile) would end within hours, so that cert-manager then has to have rights of its own.
 */
export const route53From = (env: Environment, zoneId?: string): Dns01 => {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = env;
  return {
    provider: "route53",
    ...(zoneId ? { zoneId } : {}),
    credentials: id && secret && !session ? { id, secret } : "pod",
  };
};

/** What a reader of the plan must know of the credentials; undefined: nothing. */
export const credentialNote = (dns: Dns01): string | undefined => {
  if (dns.provider === "rfc2136") return undefined;
  if (dns.credentials === "pod")
    return "cert-manager writes to Route 53 with the rights of its own pod: annotate its ServiceAccount with a role, or give the nodes one.";
  return "the AWS access key from the environment goes into a Secret, because cert-manager renews by itself.";
};
