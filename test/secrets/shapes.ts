import { generateKeyPairSync } from "node:crypto";

/** What a tool may say when it complains, with a secret in it. */
export interface Shape {
  readonly name: string;
  readonly text: string;
  /** What must not be seen. */
  readonly secret: string;
}

export const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzEXAMPLEKEY";
const TOKEN = "s3cr3t-Tok3n_9f8e7d6c5b4a";
const PASSWORD = "tr0ub4dor&3x!";

export const keyPem = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
}).privateKey;
const BODY = keyPem.split("\n")[1] ?? "";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJrbiJ9.c2lnbmF0dXJl";
const URL_PASSWORD = "p@ss/w0rd#7";
const D = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
const wrapped = (text: string, columns: number): string =>
  text.match(new RegExp(`.{1,${columns}}`, "g"))?.join("\n") ?? "";
const encoded = (before: string): string => base64(`${before}${keyPem}`);

/** In an order that goes from variables over files and headers to keys. */
export const SHAPES: readonly Shape[] = [
  { name: "an assignment of a shell", text: `+ AWS_SECRET_ACCESS_KEY=${SECRET}`, secret: SECRET },
  { name: "an export", text: `export RFC2136_TSIG_SECRET='${SECRET}='`, secret: SECRET },
  { name: "an export in double quotes", text: `export ACME_EAB_HMAC_KEY="${TOKEN}"`, secret: TOKEN },
  { name: "a session token among variables", text: `AWS_SESSION_TOKEN=${SECRET} AWS_REGION=us-east-1`, secret: SECRET },
  { name: "a password with punctuation", text: `DB_PASSWORD=${PASSWORD}`, secret: PASSWORD },
  { name: "an ini file", text: `[default]\naws_secret_access_key = ${SECRET}\nregion = eu-west-1`, secret: SECRET },
  { name: "an ini file without spaces", text: `aws_session_token=${SECRET}`, secret: SECRET },
  { name: "TOML", text: `api_token = "${TOKEN}"`, secret: TOKEN },
  { name: "JSON of the AWS command line", text: `{"SecretAccessKey": "${SECRET}"}`, secret: SECRET },
  { name: "JSON in snake case", text: `{"client_secret":"${TOKEN}"}`, secret: TOKEN },
  { name: "JSON in camel case", text: `{"sessionToken" : "${TOKEN}"}`, secret: TOKEN },
  { name: "JSON in JSON", text: `{"message":"{\\"access_token\\":\\"${TOKEN}\\"}"}`, secret: TOKEN },
  { name: "JSON that was cut off", text: `{"refresh_token": "${TOKEN}`, secret: TOKEN },
  { name: "an entry of a container's environment", text: `{"name":"DB_PASSWORD","value":"${TOKEN}"}`, secret: TOKEN },
  { name: "the same in YAML", text: `- name: API_TOKEN\n  value: ${TOKEN}`, secret: TOKEN },
  { name: "YAML", text: `users:\n- user:\n    password: ${TOKEN}\n`, secret: TOKEN },
  { name: "YAML in quotes", text: `  token: '${TOKEN}'`, secret: TOKEN },
  { name: "a kubeconfig", text: `    client-key-data: ${base64(keyPem)}`, secret: base64(keyPem).slice(0, 60) },
  { name: "a dictionary of Python", text: `{'id_token': '${TOKEN}', 'a': 1}`, secret: TOKEN },
  { name: "a hash of Ruby", text: `{:password=>"${TOKEN}"}`, secret: TOKEN },
  { name: "a struct of Go", text: `{Token:${TOKEN} Host:x}`, secret: TOKEN },
  { name: "XML", text: `<password>${TOKEN}</password>`, secret: TOKEN },
  { name: "a key of BIND", text: `key "kn" { algorithm hmac-sha256; secret "${SECRET}="; };`, secret: SECRET },
  {
    name: "a key of BIND on lines",
    text: `key kn {\n  algorithm hmac-sha256;\n  secret "${SECRET}=";\n};`,
    secret: SECRET,
  },
  { name: "kdig -y", text: `kdig -y hmac-sha256:kn-bootstrap:${SECRET}= @ns1 example.com`, secret: SECRET },
  { name: "nsupdate -y", text: `nsupdate -y kn-bootstrap:${SECRET}=`, secret: SECRET },
  { name: "an argument", text: `aws-iam-authenticator --token ${TOKEN} failed`, secret: TOKEN },
  { name: "an argument with =", text: `helper --client-secret=${TOKEN} failed`, secret: TOKEN },
  { name: "curl -u", text: `curl -u admin:${TOKEN} https://example.com`, secret: TOKEN },
  { name: ".netrc", text: `machine example.com login me password ${TOKEN}`, secret: TOKEN },
  { name: "a bearer header", text: `> authorization: Bearer ${TOKEN}`, secret: TOKEN },
  { name: "a short bearer header", text: "> Authorization: Bearer abc9", secret: "abc9" },
  {
    name: "a basic header",
    text: `Proxy-Authorization: Basic ${base64(`me:${TOKEN}`)}`,
    secret: base64(`me:${TOKEN}`),
  },
  {
    name: "a signed header of AWS",
    text: `Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=${TOKEN}`,
    secret: TOKEN,
  },
  { name: "a security token of AWS", text: `X-Amz-Security-Token: ${SECRET}`, secret: SECRET },
  { name: "a token of another service", text: `x-vault-token: ${TOKEN}\nhost: example.com`, secret: TOKEN },
  { name: "headers of Go", text: `map[Authorization:[Bearer ${TOKEN}] Accept:[*/*]]`, secret: TOKEN },
  { name: "headers as JSON", text: `{"authorization":"Basic ${TOKEN}"}`, secret: TOKEN },
  { name: "a cookie", text: `set-cookie: session=${TOKEN}; Path=/`, secret: TOKEN },
  {
    name: "a password with @ and / in an address",
    text: `proxy http://me:${URL_PASSWORD}@proxy.example.com:3128/`,
    secret: URL_PASSWORD,
  },
  { name: "a password with : in an address", text: `https://me:${TOKEN}:x@example.com`, secret: TOKEN },
  { name: "a presigned address", text: `GET https://x.example.com/?X-Amz-Signature=${TOKEN}&a=b`, secret: TOKEN },
  { name: "a key in base64 one byte on", text: `data: ${encoded("x")}`, secret: base64(`x${keyPem}`).slice(40, 100) },
  {
    name: "a key in base64 two bytes on",
    text: `data: ${encoded("xy")}`,
    secret: base64(`xy${keyPem}`).slice(40, 100),
  },
  { name: "a key in wrapped base64", text: wrapped(encoded("x"), 76), secret: base64(`x${keyPem}`).slice(80, 140) },
  {
    name: "the end of a key",
    text: keyPem.split("\n").slice(-4).join(" "),
    secret: BODY.slice(0, 0) || (keyPem.split("\n")[2] ?? ""),
  },
  { name: "a JSON Web Key", text: `{"kty":"EC","crv":"P-256","d":"${D}"}`, secret: D },
  { name: "a JSON Web Token in a sentence", text: `token-${JWT}: expired`, secret: "eyJzdWIiOiJrbiJ9" },
  {
    name: "a registry's login",
    text: `{"auths":{"ghcr.io":{"auth":"${base64(`me:${TOKEN}`)}"}}}`,
    secret: base64(`me:${TOKEN}`),
  },
  {
    name: "a token that says what it is",
    text: "remote said ghp_16C7e42F292c6912E7710c838347Ae178B4a is bad",
    secret: "16C7e42F292c6912E7710c838347Ae178B4a",
  },
];

/** What an ordinary run, Kubernetes and other tools say, in which nothing is secret. */
export const ORDINARY: readonly string[] = [
  "Secret kn-bootstrap/wildcard-tls",
  'secrets "wildcard-tls" not found',
  'MountVolume.SetUp failed for volume "tls": secret "net-kourier-tls" not found',
  "https://example.com:8443/a@b",
  "service account token: not found",
  "the bearer of bad news",
  "kn-bootstrap install --tls secret --tls-secret default/my-tls",
  "KN_BOOTSTRAP_TLS_SECRET=default/my-tls",
  "kn-bootstrap renew --install-cronjob --credentials-secret aws-2024",
  "export RFC2136_TSIG_KEY=kn-bootstrap RFC2136_TSIG_SECRET=…",
  "export ACME_EAB_KID=… ACME_EAB_HMAC_KEY=…   # or ACME_EAB_HMAC_KEY_FILE=path",
  "RFC2136_TSIG_SECRET is not base64.",
  "automountServiceAccountToken: false",
  "docker run -u 1000:1000 image",
  "apt-get install -y foo",
  "password: required",
  "cannot read /var/run/secrets/kubernetes.io/serviceaccount/token: ENOENT",
  "kubectl create secret generic aws --from-literal=AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "gcr.io/knative-releases/knative.dev/serving/cmd/activator@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
];
