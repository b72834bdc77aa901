import { Unreachable } from "../../ports/cluster.ts";
import { messageOf } from "../../ports/error.ts";
import { at } from "../../ports/object.ts";
import { Silent } from "./silent.ts";
import type { ClusterTarget } from "./target.ts";

/** The system's or OpenSSL's code of a connection that failed; empty when it has none. */
export const codeOf = (error: unknown): string => {
  const code = String(at(error, "code") ?? "");
  // Node has no code for X509_V_ERR_EE_KEY_TOO_SMALL and X509_V_ERR_CA_KEY_TOO_SMALL.
  return code === "UNSPECIFIED" && /key too weak/.test(messageOf(error)) ? "ERR_CERT_KEY_TOO_SHORT" : code;
};

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused the connection: nothing listens there",
  ECONNRESET: "closed the connection",
  EPIPE: "closed the connection",
  ETIMEDOUT: "did not answer in time",
  ENOTFOUND: "cannot be found: DNS does not know its name",
  EAI_AGAIN: "cannot be found: DNS does not answer",
  EHOSTUNREACH: "cannot be reached: there is no route to it",
  ENETUNREACH: "cannot be reached: there is no route to it",
  CERT_HAS_EXPIRED: "has a certificate that has expired",
  CERT_NOT_YET_VALID: "has a certificate that is not valid yet: compare the clocks",
  ERR_TLS_CERT_ALTNAME_INVALID: "has a certificate for other names",
  SELF_SIGNED_CERT_IN_CHAIN:
    "has a certificate that is not trusted: another authority signed it than the kubeconfig names",
  DEPTH_ZERO_SELF_SIGNED_CERT: "has a certificate that is not trusted: it signed it itself",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "has a certificate that is not trusted: another authority signed it than the kubeconfig names",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "has a certificate that is not trusted: another authority signed it than the kubeconfig names",
  UNABLE_TO_GET_ISSUER_CERT: "has a certificate that is not trusted: its chain is incomplete",
  CERT_SIGNATURE_FAILURE: "has a certificate that is not trusted: its signature is wrong",
  ERR_CERT_KEY_TOO_SHORT:
    "has a certificate whose key, or whose CA's key, is too short to be trusted: RSA has 2048 bits at least. Have it made anew",
  ERR_SSL_WRONG_VERSION_NUMBER: "does not speak TLS: perhaps it is an http:// address",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "does not speak TLS: perhaps it is an http:// address",
  HPE_INVALID_CONSTANT: "does not speak HTTP: perhaps it is an https:// address",
  ERR_PROXY_TUNNEL: "cannot be reached through the proxy",
};

/** Trying again cannot help: what the other side is, not how it feels. */
export const isPermanentCode = (code: string): boolean =>
  code === "ERR_PROXY_TUNNEL" ||
  code === "ERR_TOO_MUCH" ||
  code === "ERR_SILENT" ||
  code === "ERR_TLS_CERT_ALTNAME_INVALID" ||
  /^(ERR_SSL_|ERR_OSSL_|ERR_CERT_|CERT_|HPE_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/.test(code);

/** No answer, in words that a person can act on: the server, what happened, through which proxy. */
export const explain = (error: unknown, target: ClusterTarget, request: string): Unreachable => {
  const code = codeOf(error);
  const words = WORDS[code] ?? (code.startsWith("ERR_SSL_") ? "ended the TLS handshake" : "gave no answer");
  const detail = WORDS[code] && !/ALTNAME|PROXY/.test(code) ? "" : ` (${messageOf(error) || code})`;
  const proxy = target.proxy ? `, asked through the proxy ${withoutLogin(new URL(target.proxy))}` : "";
  const told = error instanceof Silent ? `has not answered ${request} within ${error.seconds} s` : `${words}${detail}`;
  return new Unreachable(target.server, `${target.server} ${told}${proxy}`, error, request);
};

const withoutLogin = (url: URL): string => `${url.protocol}//${url.host}`;
