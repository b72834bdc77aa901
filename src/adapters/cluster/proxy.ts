import { BlockList, isIP } from "node:net";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import { type Entry, wrong } from "./kubeconfig-entry.ts";
import type { Environment } from "./kubeconfig-files.ts";

/**
 * The proxy that leads to a server: the kubeconfig's `proxy-url`, else HTTPS_PROXY or HTTP_PROXY unless NO_PROXY or loopback
 * says otherwise. Source of the rules: golang.org/x/net/http/httpproxy, which kubectl follows.
 */
export const chooseProxy = (
  server: URL,
  own: { readonly url: string; readonly entry: Entry } | undefined,
  env: Environment,
): string | undefined => {
  if (own?.url) {
    const problem = addressProblem(own.url);
    if (problem === undefined) return new URL(own.url).href;
    throw wrong(own.entry, "kubeconfig.proxy", `proxy-url ${problem}`);
  }
  const names = server.protocol === "https:" ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"];
  const name = names.find((candidate) => env[candidate]);
  const value = name && env[name];
  if (!value || isLoopback(hostOf(server)) || isExempt(server, env.NO_PROXY || env.no_proxy || "")) return undefined;
  const address = value.includes("://") ? value : `http://${value}`;
  const problem = addressProblem(address);
  if (problem === undefined) return new URL(address).href;
  throw new UserError({
    id: "kubeconfig.proxy",
    what: `${name} ${problem}`,
    remedy: {
      text: "Correct it, or unset it if the cluster is reached without a proxy. This shows what is set:",
      command: sh`printenv ${name}`,
    },
    kind: "input",
  });
};

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

const isExempt = (server: URL, list: string): boolean => {
  const host = hostOf(server);
  const port = server.port || (server.protocol === "https:" ? "443" : "80");
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => {
      if (entry === "*") return true;
      if (entry.includes("/")) return inRange(host, entry);
      const [, name = "", onlyPort] = entry.match(/^\[?([^\]]*?)\]?(?::(\d+))?$/) ?? [];
      const bare = isIP(entry) === 6 ? entry : name.replace(/^\*?\./, "");
      if (bare === "" || (isIP(entry) !== 6 && onlyPort !== undefined && onlyPort !== port)) return false;
      const exact = host === bare && !/^\*?\./.test(name);
      return exact || (isIP(bare) === 0 && host.endsWith(`.${bare}`));
    });
};

const inRange = (host: string, range: string): boolean => {
  const [network = "", prefix = ""] = range.split("/");
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128))
    return false;
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(network, Number(prefix), type);
  return list.check(host, type);
};

const SCHEMES = ["http:", "https:", "socks5:", "socks5h:"];

/** What it says of itself stays unsaid: it may hold a password. */
const addressProblem = (text: string): string | undefined => {
  const url = /^\S+:\/\/\S+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !SCHEMES.includes(url.protocol))
    return "is no address of a proxy that can be used: it must begin with http://, https:// or socks5://";
  try {
    // SOCKS 5 has one byte for the length of each (RFC 1929).
    const parts = [url.username, url.password].map((part) => Buffer.byteLength(decodeURIComponent(part)));
    return parts.some((length) => length > 255) ? "has a user name or password of more than 255 bytes" : undefined;
  } catch {
    return "has a user name or password with a % that must be written as %25";
  }
};
