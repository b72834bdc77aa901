import type { Arrival, KubeWorld } from "../world.ts";
import { base64, type Case, config } from "./case.ts";

/** Which context, which cluster. */
export const choosing = ({ url, root }: KubeWorld): readonly Case[] => {
  const ca = base64(root.cert);
  const clusterAt = (server: string): string => `{server: "${server}", certificate-authority-data: ${ca}}`;
  const arrived: Arrival = { server: "chain", path: "/version", authorization: "Bearer t" };
  const text = config(clusterAt(url.chain));
  const other = `${config(clusterAt(url.chain), "{token: t}", "- name: other\n  context: {cluster: c, user: v}\n").replace("users:\n", "users:\n- {name: v, user: {token: v}}\n")}`;
  const given = ["--kubeconfig", "config"];
  const literal = {
    expected: arrived,
    because: "get --raw of 1.33 asks for the very path that it is given; 1.36 does as we do",
  };
  return [
    {
      name: "another context",
      files: { config: other },
      flags: [...given, "--context", "other"],
      expected: { ...arrived, authorization: "Bearer v" },
    },
    {
      name: "a context that is not there",
      files: { config: other },
      flags: [...given, "--context", "z"],
      expected: /no context "z"/,
    },
    {
      name: "a current context that is not there",
      files: { config: text.replace("current-context: x", "current-context: z") },
      expected: /no context "z"/,
    },
    {
      name: "no current context",
      files: { config: text.replace("current-context: x\n", "") },
      expected: /which context/,
    },
    { name: "an empty file", files: { config: "" }, expected: /no context|which context/ },
    {
      name: "a context without a cluster",
      files: { config: text.replace("cluster: c, ", "") },
      expected: /context "x" names no cluster/,
    },
    {
      name: "a context of null",
      files: { config: text.replace("{cluster: c, user: u}", "null") },
      expected: /context "x" names no cluster/,
    },
    {
      name: "a context whose cluster is not there",
      files: { config: text.replace("cluster: c, ", "cluster: d, ") },
      expected: /context "x" names cluster "d"/,
    },
    {
      name: "a context whose user is not there",
      files: { config: text.replace("user: u}", "user: w}") },
      expected: /context "x" names user "w"/,
    },
    {
      name: "a context without a user",
      files: { config: text.replace(", user: u}", "}") },
      expected: { server: "chain", path: "/version" },
      kubectl: {
        expected: "refuses",
        because: "it asks for a user name and a password, which no server takes any more",
      },
    },
    { name: "a cluster without a server", files: { config: config("{}") }, expected: /cluster "c".*no server/ },
    {
      name: "a server without https://",
      files: { config: config(clusterAt(url.chain.replace("https://", ""))) },
      expected: /cluster "c".*http/,
    },
    { name: "a server that ends in a slash", files: { config: config(clusterAt(`${url.chain}/`)) }, expected: arrived },
    {
      name: "a server with a path",
      files: { config: config(clusterAt(`${url.chain}/k8s/clusters/c-1`)) },
      expected: { ...arrived, path: "/k8s/clusters/c-1/version" },
      kubectl: literal,
    },
    {
      name: "a server with a path and a query",
      files: { config: config(clusterAt(`${url.chain}/k8s?a=b#c`)) },
      expected: { ...arrived, path: "/k8s/version" },
      kubectl: literal,
    },
    {
      name: "a server with a blank",
      files: { config: config(clusterAt(`${url.chain} `)) },
      expected: /cluster "c".*server/,
    },
    {
      name: "a server with a line end",
      files: { config: config(clusterAt(`${url.chain}\\n`)) },
      expected: /cluster "c".*server/,
    },
    {
      name: "a server with one slash",
      files: { config: config(clusterAt(url.chain.replace("//", "/"))) },
      expected: /cluster "c".*server/,
    },
    {
      name: "a server by name",
      files: { config: config(clusterAt(url.chain.replace("127.0.0.1", "localhost"))) },
      expected: { ...arrived, asked: "localhost" },
    },
    {
      name: "a server by http: credentials stay here",
      files: { config: config(`{server: "${url.plain}"}`) },
      expected: { server: "plain", path: "/version" },
    },
  ];
};
