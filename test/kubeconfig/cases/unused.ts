import type { KubeWorld } from "../world.ts";
import { base64, type Case, config } from "./case.ts";

/** What belongs to entries that the context does not use. */
export const unused = ({ url, root }: KubeWorld): readonly Case[] => {
  const cluster = `{server: "${url.chain}", certificate-authority-data: ${base64(root.cert)}}`;
  const with_ = (list: "clusters" | "contexts" | "users", entry: string): string =>
    config(cluster).replace(`${list}:\n`, `${list}:\n- ${entry}\n`);
  const fine = (name: string, list: "clusters" | "contexts" | "users", entry: string): Case => ({
    name: `unused: ${name}`,
    files: { config: with_(list, entry) },
    expected: { server: "chain", path: "/version", authorization: "Bearer t" },
  });
  const refused = (name: string, list: "clusters" | "contexts" | "users", entry: string, expected: RegExp): Case => ({
    name: `unused: ${name}`,
    files: { config: with_(list, entry) },
    expected,
  });
  return [
    fine("a cluster without a server", "clusters", "{name: old, cluster: {}}"),
    fine("a cluster of null", "clusters", "{name: old, cluster: null}"),
    fine("a cluster without a cluster", "clusters", "{name: old}"),
    fine("a cluster without a name", "clusters", '{cluster: {server: "https://127.0.0.1:1"}}'),
    fine("a context of null", "contexts", "{name: old, context: null}"),
    fine("a null among contexts", "contexts", "null"),
    fine("a context that leads nowhere", "contexts", "{name: old, context: {cluster: gone, user: gone}}"),
    fine("a user of null", "users", "{name: old, user: null}"),
    fine("a user whose certificate is gone", "users", "{name: old, user: {client-certificate: gone.pem}}"),
    fine("a user with a half-finished plugin", "users", "{name: old, user: {exec: {command: x}}}"),
    fine(
      "a cluster whose CA was left out",
      "clusters",
      '{name: old, cluster: {server: "https://a", certificate-authority-data: DATA+OMITTED}}',
    ),
    fine("a cluster with a server that is none", "clusters", "{name: old, cluster: {server: nonsense}}"),
    refused(
      "a server that is a list",
      "clusters",
      "{name: old, cluster: {server: [a]}}",
      /cluster "old".*server.*list/,
    ),
    refused(
      "a CA that is not base64",
      "clusters",
      '{name: old, cluster: {certificate-authority-data: "a*b"}}',
      /cluster "old".*certificate-authority-data.*base64/,
    ),
    refused("two entries of one name", "users", "{name: u, user: {token: other}}", /users.*"u".*twice/),
    refused("two entries without a name", "contexts", "null\n- null", /contexts.*without a name/),
    refused(
      "groups that are no list",
      "users",
      "{name: old, user: {as: a, as-groups: dev}}",
      /user "old".*as-groups.*list/,
    ),
  ];
};
