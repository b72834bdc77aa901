import type { Arrival, KubeWorld } from "../world.ts";
import { base64, block, type Case, config, indented } from "./case.ts";

/** Whom the server's certificate is verified with. */
export const trusting = ({ url, root, intermediate, leaf, selfSigned, stranger, weak }: KubeWorld): readonly Case[] => {
  const arrived = (server: string): Arrival => ({ server, path: "/version", authorization: "Bearer t" });
  const data = (server: string, text: string, more: Readonly<Record<string, string>> = {}): string =>
    config(block({ server, "certificate-authority-data": base64(text), ...more }));
  const fine = (name: string, server: "chain" | "bare" | "self", text: string): Case => ({
    name: `CA: ${name}`,
    files: { config: data(url[server], text) },
    expected: arrived(server),
  });
  const raw = (value: string): string =>
    config(`${block({ server: url.chain })}\n    certificate-authority-data: ${value}`);
  const refused = (name: string, text: string, expected: RegExp, files: Case["files"] = {}): Case => ({
    name: `CA: ${name}`,
    files: { config: text, ...files },
    expected,
  });
  const wrapped = base64(root.cert).replace(/(.{64})/g, "$1\n");
  return [
    fine("the root", "chain", root.cert),
    fine("an intermediate alone", "chain", intermediate.cert),
    fine("an intermediate, and a server that shows its own certificate alone", "bare", intermediate.cert),
    fine("the server's own certificate", "chain", leaf.cert),
    fine("the server's own certificate, which it signed itself", "self", selfSigned.cert),
    fine("several", "chain", stranger.cert + root.cert),
    fine("words around it, and another's key", "chain", `subject=CN\n${stranger.key}\n${root.cert}\nthe end\n`),
    fine(
      "one that is damaged beside a good one",
      "chain",
      `${stranger.cert.replace(/^.{64}$/m, "A".repeat(64))}${root.cert}`,
    ),
    {
      ...fine("a file beside the kubeconfig", "chain", ""),
      files: { config: config(`{server: "${url.chain}", certificate-authority: pki/ca.pem}`), "pki/ca.pem": root.cert },
    },
    { ...fine("wrapped base64", "chain", ""), files: { config: raw(`|\n${indented(wrapped, 6)}`) } },
    { ...fine("base64 by a tag", "chain", ""), files: { config: raw(`!!binary ${base64(base64(root.cert))}`) } },
    refused("another's", data(url.chain, stranger.cert), /not trusted/),
    refused("another's, as a file", config(`{server: "${url.chain}", certificate-authority: ca.pem}`), /not trusted/, {
      "ca.pem": stranger.cert,
    }),
    refused("a root that the server does not lead to", data(url.bare, root.cert), /not trusted/),
    refused(
      "left out by kubectl config view",
      raw("DATA+OMITTED"),
      /cluster "c".*certificate-authority-data.*DATA\+OMITTED/,
    ),
    refused(
      "a certificate without base64",
      raw(`|\n${indented(root.cert, 6)}`),
      /cluster "c".*certificate-authority-data.*base64/,
    ),
    refused("a path in the data", raw("/etc/kubernetes/pki/ca.crt"), /cluster "c".*certificate-authority-data/),
    refused(
      "base64 without its end",
      raw(base64(`${root.cert}\n\n`).replace(/.{3}$/, "")),
      /cluster "c".*certificate-authority-data.*base64/,
    ),
    refused("base64 for URLs", raw("_-_-"), /cluster "c".*certificate-authority-data.*base64/),
    refused("base64 with blanks", raw(`>\n${indented(wrapped, 6)}`), /cluster "c".*certificate-authority-data.*base64/),
    refused(
      "base64 of base64",
      data(url.chain, base64(root.cert)),
      /cluster "c".*certificate-authority-data.*certificate/,
    ),
    refused("a key", data(url.chain, root.key), /cluster "c".*certificate-authority-data.*certificate/),
    refused(
      "a damaged one alone",
      data(url.chain, root.cert.replace(/^.{64}$/m, "A".repeat(64))),
      /cluster "c".*certificate-authority-data.*certificate/,
    ),
    refused(
      "an empty file",
      config(`{server: "${url.chain}", certificate-authority: ca.pem}`),
      /cluster "c".*certificate-authority.*certificate/,
      { "ca.pem": "" },
    ),
    refused(
      "a file that is gone",
      config(`{server: "${url.chain}", certificate-authority: ca.pem}`),
      /cluster "c".*ca\.pem/,
    ),
    refused("a file and data", data(url.chain, root.cert, { "certificate-authority": "ca.pem" }), /cluster "c".*both/, {
      "ca.pem": root.cert,
    }),
    refused(
      "a CA although nothing is verified",
      data(url.chain, root.cert, { "insecure-skip-tls-verify": "true" }),
      /cluster "c".*insecure-skip-tls-verify/,
    ),
    {
      name: "CA: a server whose key is too short",
      files: { config: data(url.weak, weak.cert) },
      expected: /key.* too short/,
      kubectl: { expected: arrived("weak"), because: "Go takes RSA of 1024 bits, OpenSSL does not any more" },
    },
    {
      name: "TLS name that the certificate has",
      files: { config: data(url.chain, root.cert, { "tls-server-name": "api.test" }) },
      expected: { ...arrived("chain"), asked: "api.test" },
    },
    refused(
      "TLS name that the certificate lacks",
      data(url.chain, root.cert, { "tls-server-name": "other.test" }),
      /other names|other\.test/,
    ),
    {
      name: "nothing is verified",
      files: { config: config(`{server: "${url.self}", insecure-skip-tls-verify: true}`) },
      expected: arrived("self"),
    },
  ];
};
