import { BlockList, isIP } from "node:net";
import { UserError } from "../../ports/error.ts";
import { type ShellCommand, sh } from "../../ports/shell.ts";
import type { Environment } from "./kubeconfig-files.ts";

/**
 * The proxy that leads to a server: the kubeconfig's `proxy-url`, else HTTPS_PROXY or HTTP_PROXY unless NO_PROXY or loopback
 * says otherwise. Source of the rules: golang.org/x/net/http/httpproxy, which kubectl follows.
 */
export const chooseProxy = (server: URL, proxyUrl: string | undefined, env: Environment): string | undefined => {
  if (proxyUrl) return checked(proxyUrl, "proxy-url of the kubeconfig", sh`kubectl config view --minify`);
  const name = server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = env[name] || env[name.toLowerCase()];
  if (!value || isLoopback(hostOf(server)) || isExempt(server, env.NO_PROXY || env.no_proxy || "")) return undefined;
  return checked(value.includes("://") ? value : `http://${value}`, name, sh`printenv ${name}`);
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

const checked = (text: string, source: string, show: ShellCommand): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ["http:", "https:", "socks5:", "socks5h:"].includes(url.protocol)) return url.href;
  throw new UserError({
    id: "kubeconfig.proxy",
    what: `${source} is no address of a proxy that can be used`,
    why: "It must begin with http://, https:// or socks5://.",
    remedy: {
      text: "Correct it, or remove it if the cluster is reached without a proxy. This shows what is set:",
      command: show,
    },
    exitCode: 2,
  });
};
