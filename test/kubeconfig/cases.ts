import type { Arrival, KubeWorld } from "./world.ts";

/** A kubeconfig, or several, and what comes of it with kubectl and here. */
export interface Case {
  readonly name: string;
  /** By path below the case's folder, which is the current one; `config` is the kubeconfig. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Default `--kubeconfig config`. `~` is the folder. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What arrives; a pattern: nothing does, and these words say why. */
  readonly expected: Arrival | RegExp;
  /** Where kubectl does something else: what, and why we do not. */
  readonly kubectl?: { readonly expected: Arrival | "refuses"; readonly because: string };
}

const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");
const indented = (text: string, by: number): string => text.trimEnd().replace(/^/gm, " ".repeat(by));

/** One context with one cluster and one user, whose fields are given as YAML in flow or block style. */
const config = (cluster: string, user = "{token: t}", more = ""): string =>
  `apiVersion: v1
kind: Config
current-context: x
clusters:
- name: c
  cluster: ${cluster}
users:
- name: u
  user: ${user}
contexts:
- name: x
  context: {cluster: c, user: u}
${more}`;

const block = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `\n    ${name}: ${value}`)
    .join("");

const utf16 = (text: string, order: "le" | "be"): Buffer => {
  const little = Buffer.from(`\ufeff${text}`, "utf16le");
  return order === "le" ? little : little.swap16();
};

/** Around the whole file: how it is written. */
const writing = ({ url, root }: KubeWorld): readonly Case[] => {
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

/** What belongs to entries that the context does not use. */
const unused = ({ url, root }: KubeWorld): readonly Case[] => {
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

/** Which context, which cluster. */
const choosing = ({ url, root }: KubeWorld): readonly Case[] => {
  const ca = base64(root.cert);
  const clusterAt = (server: string): string => `{server: "${server}", certificate-authority-data: ${ca}}`;
  const arrived: Arrival = { server: "chain", path: "/version", authorization: "Bearer t" };
  const text = config(clusterAt(url.chain));
  const other = `${config(clusterAt(url.chain), "{token: t}", "- name: other\n  context: {cluster: c, user: v}\n").replace("users:\n", "users:\n- {name: v, user: {token: v}}\n")}`;
  const given = ["--kubeconfig", "config"];
  const literal = { expected: arrived, because: "its get --raw asks for the very path that it is given" };
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

/** Whom the server's certificate is verified with. */
const trusting = ({ url, root, intermediate, leaf, selfSigned, stranger, weak }: KubeWorld): readonly Case[] => {
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

/** Who asks. */
const asking = ({ url, root, client, stranger }: KubeWorld): readonly Case[] => {
  const cluster = `{server: "${url.chain}", certificate-authority-data: ${base64(root.cert)}}`;
  const by = (user: string): string => config(cluster, user);
  const arrived = (more: Partial<Arrival>): Arrival => ({ server: "chain", path: "/version", ...more });
  const bearer = (token: string): Arrival => arrived({ authorization: `Bearer ${token}` });
  const fine = (name: string, user: string, expected: Arrival, files: Case["files"] = {}): Case => ({
    name: `user: ${name}`,
    files: { config: by(user), ...files },
    expected,
  });
  const refused = (name: string, user: string, expected: RegExp, files: Case["files"] = {}): Case => ({
    name: `user: ${name}`,
    files: { config: by(user), ...files },
    expected,
  });
  const cert = `client-certificate-data: ${base64(client.cert)}`;
  const key = `client-key-data: ${base64(client.key)}`;
  const own = { "tls.crt": client.cert, "tls.key": client.key };
  const exec = (fields: string): string =>
    `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never, ${fields}}}`;
  const plugin = (token: string, version = "v1"): Case["files"] => ({
    plugin: `#!/bin/sh\ncat <<'END'\n${JSON.stringify({ apiVersion: `client.authentication.k8s.io/${version}`, kind: "ExecCredential", status: { token } })}\nEND\n`,
  });
  return [
    fine("a token", "{token: abc}", bearer("abc")),
    fine("a token file", "{tokenFile: secret/token}", bearer("from-file"), { "secret/token": "from-file\n" }),
    fine("a token file before a token", "{token: abc, tokenFile: token}", bearer("from-file"), {
      token: "  from-file\r\n",
    }),
    fine("a token where the token file is gone", "{token: abc, tokenFile: gone}", bearer("abc")),
    fine("a token where the token file is empty", "{token: abc, tokenFile: token}", bearer("abc"), { token: "\n" }),
    fine(
      "a token with letters of other scripts",
      '{token: "tökeñ王"}',
      bearer(Buffer.from("tökeñ王").toString("latin1")),
    ),
    refused("a token with a line end", "\n    token: |\n      abc", /user "u".*token.*line end/),
    refused("a token of two lines", '{token: "abc\\ndef"}', /user "u".*token.*line end/),
    refused("a token with a control character", '{token: "abc\\x01"}', /user "u".*token/),
    refused("a token file of two lines", "{tokenFile: token}", /user "u".*tokenFile.*line end/, {
      token: "abc\ndef\n",
    }),
    refused("a token file that is gone", "{tokenFile: token}", /user "u".*tokenFile/),
    refused("a token file that is empty", "{tokenFile: token}", /user "u".*tokenFile.*empty/, { token: "\n" }),
    {
      name: "user: a token that kubectl config view left out",
      files: { config: by("{token: REDACTED}") },
      expected: /user "u".*token.*REDACTED/,
      kubectl: {
        expected: bearer("REDACTED"),
        because: "it sends the placeholder; the server's 401 says nothing of it",
      },
    },
    {
      name: "user: a token that nobody filled in",
      files: { config: by('{token: "<token>"}') },
      expected: /user "u".*token.*<token>/,
      kubectl: {
        expected: bearer("<token>"),
        because: "it sends the placeholder; the server's 401 says nothing of it",
      },
    },
    fine(
      "name and password",
      "{username: jane, password: pässword}",
      arrived({ authorization: `Basic ${base64("jane:pässword")}` }),
    ),
    fine("a name alone", "{username: jane}", arrived({ authorization: `Basic ${base64("jane:")}` })),
    refused("a password and a token", "{username: jane, password: p, token: t}", /user "u".*token.*username/),
    fine("a certificate", `{${cert}, ${key}}`, arrived({ certificate: "jane" })),
    fine(
      "a certificate in files",
      "{client-certificate: tls.crt, client-key: tls.key}",
      arrived({ certificate: "jane" }),
      own,
    ),
    fine(
      "a certificate as data, its key in a file",
      `{${cert}, client-key: tls.key}`,
      arrived({ certificate: "jane" }),
      own,
    ),
    fine(
      "a certificate with its key in one file",
      "{client-certificate: both.pem, client-key: both.pem}",
      arrived({ certificate: "jane" }),
      { "both.pem": client.key + client.cert },
    ),
    fine(
      "a certificate and a token",
      `{${cert}, ${key}, token: t}`,
      arrived({ certificate: "jane", authorization: "Bearer t" }),
    ),
    fine("a key without a certificate, beside a token", `{${key}, token: t}`, bearer("t")),
    refused("a certificate without a key", `{${cert}}`, /user "u".*client-key/),
    refused("a certificate without a key, beside a token", `{${cert}, token: t}`, /user "u".*client-key/),
    refused(
      "another's key",
      `{${cert}, client-key-data: ${base64(stranger.key)}}`,
      /user "u".*client-key-data.*not.*certificate/,
    ),
    refused(
      "a key that kubectl config view left out",
      `{${cert}, client-key-data: REDACTED}`,
      /user "u".*client-key-data.*REDACTED/,
    ),
    refused(
      "a certificate that kubectl config view left out",
      `{client-certificate-data: DATA+OMITTED, ${key}}`,
      /user "u".*client-certificate-data.*DATA\+OMITTED/,
    ),
    refused(
      "a certificate without base64",
      `\n    client-certificate-data: |\n${indented(client.cert, 6)}\n    ${key}`,
      /user "u".*client-certificate-data.*base64/,
    ),
    refused(
      "a key in place of the certificate",
      `{client-certificate-data: ${base64(client.key)}, ${key}}`,
      /user "u".*client-certificate-data.*certificate/,
    ),
    refused(
      "a certificate in place of the key",
      `{${cert}, client-key-data: ${base64(client.cert)}}`,
      /user "u".*client-key-data.*key/,
    ),
    refused(
      "a certificate as file and as data",
      `{${cert}, client-certificate: tls.crt, ${key}}`,
      /user "u".*both/,
      own,
    ),
    refused("a key as file and as data", `{${cert}, client-key: tls.key, ${key}}`, /user "u".*both/, own),
    refused(
      "a certificate file that is gone",
      `{client-certificate: tls.crt, ${key}}`,
      /user "u".*client-certificate.*tls\.crt/,
    ),
    refused("a key file that is gone", `{${cert}, client-key: tls.key}`, /user "u".*client-key.*tls\.key/),
    fine(
      "on behalf of somebody",
      "{token: t, as: jane, as-uid: '42', as-groups: [dev, ops], as-user-extra: {scopes: [a, b]}}",
      {
        ...bearer("t"),
        impersonate: {
          "impersonate-user": "jane",
          "impersonate-uid": "42",
          "impersonate-group": "dev, ops",
          "impersonate-extra-scopes": "a, b",
        },
      },
    ),
    fine("on behalf of somebody of another script", "{token: t, as: 王}", {
      ...bearer("t"),
      impersonate: { "impersonate-user": Buffer.from("王").toString("latin1") },
    }),
    fine("extra with a name that no header has", '{token: t, as: jane, as-user-extra: {"example.com/a(b)": [c]}}', {
      ...bearer("t"),
      impersonate: { "impersonate-user": "jane", "impersonate-extra-example.com%2fa%28b%29": "c" },
    }),
    refused("groups on behalf of nobody", "{token: t, as-groups: [dev]}", /user "u".*as-groups/),
    refused("on behalf of two lines", '{token: t, as: "jane\\nbob"}', /user "u".*as.*line end/),
    refused("a group of two lines", '{token: t, as: jane, as-groups: ["a\\nb"]}', /user "u".*as-groups.*line end/),
    fine("a plugin", exec("args: []"), bearer("from-plugin"), plugin("from-plugin")),
    fine(
      "a plugin of the version before",
      exec("").replace("/v1,", "/v1beta1,").replace("interactiveMode: Never, ", ""),
      bearer("from-plugin"),
      plugin("from-plugin", "v1beta1"),
    ),
    fine("a token before a plugin", exec("").replace("{exec", "{token: t, exec"), bearer("t"), plugin("from-plugin")),
    refused(
      "a plugin that does not say how it asks",
      exec("").replace("interactiveMode: Never, ", ""),
      /user "u".*interactiveMode/,
      plugin("x"),
    ),
    refused(
      "a plugin that asks in another way",
      exec("").replace("Never", "Sometimes"),
      /user "u".*interactiveMode.*Sometimes/,
      plugin("x"),
    ),
    refused(
      "a plugin without a version",
      exec("").replace("apiVersion: client.authentication.k8s.io/v1, ", ""),
      /user "u".*apiVersion/,
      plugin("x"),
    ),
    refused(
      "a plugin of a version that has ended",
      exec("").replace("/v1,", "/v1alpha1,"),
      /user "u".*v1alpha1/,
      plugin("x", "v1alpha1"),
    ),
    refused(
      "a plugin without a command",
      exec("").replace("command: ./plugin, ", ""),
      /user "u".*command/,
      plugin("x"),
    ),
    refused("a plugin with a variable without a name", exec("env: [{value: a}]"), /user "u".*env/, plugin("x")),
    refused(
      "a plugin beside an auth-provider",
      exec("").replace(/}$/, ", auth-provider: {name: oidc}}"),
      /user "u".*auth-provider/,
      plugin("x"),
    ),
    refused("a plugin that is not there", exec(""), /plugin/),
    refused("a plugin whose token has a line end", exec(""), /plugin.*token.*line end/, plugin("abc\n")),
  ];
};

/** Several files. */
const merging = ({ url, root }: KubeWorld): readonly Case[] => {
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

/** By which way. */
const passing = ({ url, root, proxy }: KubeWorld): readonly Case[] => {
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

export const casesIn = (world: KubeWorld): readonly Case[] =>
  [writing, unused, choosing, trusting, asking, merging, passing].flatMap((group) => group(world));
