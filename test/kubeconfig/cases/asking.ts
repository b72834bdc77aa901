import type { Arrival, KubeWorld } from "../world.ts";
import { base64, type Case, config, indented } from "./case.ts";

/** Who asks. */
export const asking = ({ url, root, client, stranger }: KubeWorld): readonly Case[] => {
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
