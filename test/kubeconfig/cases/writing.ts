import type { Arrival, KubeWorld } from "../world.ts";
import { base64, type Case, config, utf16 } from "./case.ts";

/** Around the whole file: how it is written. */
export const writing = ({ url, root }: KubeWorld): readonly Case[] => {
  const ca = base64(root.cert);
  const cluster = `{server: "${url.chain}", certificate-authority-data: ${ca}}`;
  const arrived: Arrival = { server: "chain", path: "/version", authorization: "Bearer t" };
  const plain = config(cluster);
  const fine = (name: string, text: string | Buffer): Case => ({ name, files: { config: text }, expected: arrived });
  const refused = (name: string, text: string | Buffer, expected: RegExp): Case => ({
    name,
    files: { config: text },
    expected,
  });
  const insecure = (value: string): string => config(`{server: "${url.self}", insecure-skip-tls-verify: ${value}}`);
  const unverified: Arrival = { ...arrived, server: "self" };
  return [
    fine("plain YAML", plain),
    fine(
      "JSON",
      JSON.stringify({
        "current-context": "x",
        clusters: [{ name: "c", cluster: { server: url.chain, "certificate-authority-data": ca } }],
        users: [{ name: "u", user: { token: "t" } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      }),
    ),
    fine("neither apiVersion nor kind", plain.replace(/^.*\n.*\n/, "")),
    fine("UTF-8 with a byte order mark", `\ufeff${plain}`),
    fine("UTF-16, the low byte first", utf16(plain, "le")),
    fine("UTF-16, the high byte first", utf16(plain, "be")),
    fine("the line ends of Windows", plain.replaceAll("\n", "\r\n")),
    fine("a second document", `${plain}---\ncurrent-context: y\n`),
    fine("a comment and a line before the document", `# made by hand\n---\n${plain}`),
    fine("fields that nobody knows", config(cluster, "{token: t, colour: blue}", "favourites: [x]\n")),
    fine(
      "anchors and merge keys",
      `defaults: &d ${cluster}\n${config("\n    <<: *d\n    tls-server-name: 127.0.0.1")}`,
    ),
    fine(
      "an anchor used twice",
      `${config("&c {server: PLACE, certificate-authority-data: CA}".replace("PLACE", `"${url.chain}"`).replace("CA", ca))}extensions:\n- name: copy\n  extension: *c\n`,
    ),
    fine("a repeated key: the last one wins", config(cluster.replace("{", '{server: "https://127.0.0.1:1", '))),
    fine(
      "a repeated list: the last one wins",
      `clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]\n${plain}`,
    ),
    fine(
      "null where a text or a list may be",
      config(cluster, "{token: t, username: null, as: ~, as-groups: null}", "extensions:\n"),
    ),
    fine("a name that looks like a date", plain.replaceAll(/\bx\b/g, "2026-01-02")),
    fine("a text made of digits by a tag", config(cluster, "{token: !!str t}")),
    ...["yes", "on", "True", "y"].map(
      (word): Case => ({ name: `insecure: ${word}`, files: { config: insecure(word) }, expected: unverified }),
    ),
    refused("insecure as a text", insecure('"yes"'), /cluster "c".*insecure-skip-tls-verify.*true or false/),
    refused("a name that is a number", plain.replaceAll("name: c", "name: 1"), /clusters\[0\].*name.*quotes/),
    refused("a token that is a number", config(cluster, "{token: 123456}"), /user "u".*token.*quotes/),
    refused("a token that is a truth", config(cluster, "{token: no}"), /user "u".*token.*quotes/),
    refused("keys in capitals", plain.replace("clusters:", "Clusters:"), /cluster "c"/),
    refused("a mapping of clusters", plain.replace("- name: c\n  cluster:", "  c:"), /clusters.*list/),
    refused("a list of names", "clusters: [c]\n", /clusters\[0\].*mapping/),
    refused("a text", "just text\n", /mapping with clusters/),
    refused("a list", "[a]\n", /mapping with clusters/),
    refused("a tab", plain.replace("  cluster", "\tcluster"), /line 6.*tab/),
    refused("an end in the middle", config('{server: "https'), /line \d+/),
    refused("another kind", plain.replace("kind: Config", "kind: Secret"), /kind.*Secret.*Config/),
    refused("another version", plain.replace("v1", "v2"), /apiVersion.*v2.*v1/),
    refused("an encoding of old", Buffer.from(config(cluster, "{token: t}", "# né\n"), "latin1"), /UTF-8/),
    refused("UTF-16 without a mark", utf16(plain, "le").subarray(2), /UTF-16|UTF-8|control/),
    refused("a folder", "", /folder/),
  ];
};
