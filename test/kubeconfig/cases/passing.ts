import type { Arrival, KubeWorld } from "../world.ts";
import { base64, block, type Case, config } from "./case.ts";

/** By which way. */
export const passing = ({ url, root, proxy }: KubeWorld): readonly Case[] => {
  const through = (address: string): string =>
    config(
      block({
        server: url.chain,
        "certificate-authority-data": base64(root.cert),
        "proxy-url": JSON.stringify(address),
      }),
    );
  const arrived: Arrival = { server: "chain", path: "/version", authorization: "Bearer t" };
  const proxied: Arrival = { ...arrived, proxied: true };
  return [
    { name: "proxy: of the cluster", files: { config: through(proxy) }, expected: proxied },
    {
      name: "proxy: with a name and a password",
      files: { config: through(proxy.replace("//", "//jane:p%40ss@")) },
      expected: proxied,
    },
    {
      name: "proxy: NO_PROXY is about others",
      files: { config: through(proxy) },
      env: { NO_PROXY: "*" },
      expected: proxied,
    },
    {
      name: "proxy: HTTPS_PROXY is not for this machine",
      files: { config: through("") },
      env: { HTTPS_PROXY: "http://127.0.0.1:1" },
      expected: arrived,
    },
    {
      name: "proxy: another scheme",
      files: { config: through("ftp://127.0.0.1:1") },
      expected: /cluster "c".*proxy-url/,
    },
    {
      name: "proxy: no scheme",
      files: { config: through(proxy.replace("http://", "")) },
      expected: /cluster "c".*proxy-url/,
    },
    {
      name: "proxy: a name that is escaped wrongly",
      files: { config: through(proxy.replace("//", "//jane%zz@")) },
      expected: /cluster "c".*proxy-url/,
    },
    { name: "proxy: a line end", files: { config: through(`${proxy}\n`) }, expected: /cluster "c".*proxy-url/ },
  ];
};
