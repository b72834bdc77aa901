import type { Arrival, KubeWorld } from "../world.ts";
import { type Case, config } from "./case.ts";

/** Several files. */
export const merging = ({ url, root }: KubeWorld): readonly Case[] => {
  const list = (...files: string[]): Pick<Case, "flags" | "env"> => ({
    flags: [],
    env: { KUBECONFIG: files.join(":") },
  });
  const cluster = `{server: "${url.chain}", certificate-authority: ca.pem}`;
  const arrived = (token: string): Arrival => ({ server: "chain", path: "/version", authorization: `Bearer ${token}` });
  const whole = config(cluster, "{token: one}");
  const parts = {
    "a/config": `clusters: [{name: c, cluster: ${cluster}}]\n`,
    "a/ca.pem": root.cert,
    "b/config": "users: [{name: u, user: {tokenFile: token}}]\n",
    "b/token": "two",
    "c/config": "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n",
  };
  const ca = { "ca.pem": root.cert };
  return [
    {
      name: "several: each has a part, with paths of its own",
      files: parts,
      ...list("a/config", "b/config", "c/config"),
      expected: arrived("two"),
    },
    {
      name: "several: the first entry of a name wins whole",
      files: {
        ...ca,
        first: "users: [{name: u, user: {token: first}}]\n",
        second: whole.replace("{token: one}", "{token: one, as: jane}"),
      },
      ...list("first", "second"),
      expected: arrived("first"),
    },
    {
      name: "several: the first current context wins",
      files: {
        ...ca,
        first:
          "current-context: other\ncontexts: [{name: other, context: {cluster: c, user: v}}]\nusers: [{name: v, user: {token: v}}]\n",
        second: whole,
      },
      ...list("first", "second"),
      expected: arrived("v"),
    },
    {
      name: "several: an empty one, one of comments, one of null",
      files: { ...ca, empty: "", comments: "# nothing\n", nothing: "null\n", config: whole },
      ...list("empty", "comments", "nothing", "config"),
      expected: arrived("one"),
    },
    {
      name: "several: some do not exist",
      files: { ...ca, config: whole },
      ...list("gone", "config", "gone/too", ""),
      expected: arrived("one"),
    },
    {
      name: "several: one twice",
      files: { ...ca, config: whole },
      ...list("config", "config"),
      expected: arrived("one"),
    },
    {
      name: "several: one is broken",
      files: { ...ca, config: whole, broken: "[" },
      ...list("config", "broken"),
      expected: /broken/,
    },
    { name: "several: one is a folder", files: { ...ca, config: whole }, ...list("config", "."), expected: /folder/ },
    { name: "several: none exists", files: {}, ...list("gone", "gone2"), expected: /no such file/ },
    {
      name: "several: a list of nothing",
      files: { ...ca, ".kube/config": whole },
      ...list("", ""),
      expected: /KUBECONFIG/,
    },
    {
      name: "several: ~ is a shell's",
      files: { ...ca, ".kube/config": whole },
      ...list("~/.kube/config"),
      expected: /no such file/,
    },
    {
      name: "at home",
      files: { ".kube/ca.pem": root.cert, ".kube/config": whole },
      flags: [],
      expected: arrived("one"),
    },
    { name: "a file that does not exist", files: {}, expected: /does not exist/ },
    {
      name: "one given, whatever KUBECONFIG says",
      files: { ...ca, config: whole },
      env: { KUBECONFIG: "gone" },
      expected: arrived("one"),
    },
  ];
};
