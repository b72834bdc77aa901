import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { $ } from "zx";
import { pack } from "./pack.ts";

const USAGE = `node scripts/e2e-kind.ts [--knative-version VERSION] [--node VERSION] [--package FILE] [--keep]

Makes a kind cluster, installs the packed program and with it Knative, asks a Service over https, and takes everything away again.
Needs docker, kind, kubectl and curl; ports 80 and 443 of this machine have to be free.
  --node VERSION  Kubernetes of the cluster, such as v1.30.13: an image kindest/node of that name; otherwise what kind takes
  --package FILE  a tarball of scripts/pack.ts; otherwise one is made
  --keep          leave the cluster; kind export kubeconfig --name knative gets at it
`;

const root = fileURLToPath(new URL("..", import.meta.url));
const HELLO = `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: hello, namespace: default }
spec: { template: { spec: { containers: [{ image: ghcr.io/knative/helloworld-go:latest, env: [{ name: TARGET, value: kind }] }] } } }
`;

const say = (text: string): void => void process.stdout.write(`\n== ${text}\n`);

interface Options {
  readonly version?: string | undefined;
  readonly node?: string | undefined;
  readonly tarball?: string | undefined;
  readonly keep: boolean;
}

const endToEnd = async (folder: string, { version, node, tarball, keep }: Options): Promise<void> => {
  const kubeconfig = join(folder, "kubeconfig");
  const env = { ...process.env, KUBECONFIG: kubeconfig };

  say("the package");
  const path = tarball === undefined ? (await pack(folder)).path : resolve(tarball);
  await $({ cwd: root, stdio: "inherit" })`npm install --global --prefix ${folder} ${path}`;

  say("the cluster");
  await $({
    cwd: root,
    env,
    stdio: "inherit",
  })`kind create cluster --config kind-config.yaml --wait 5m ${node ? ["--image", `kindest/node:${node}`] : []}`;
  try {
    await thereAndBack(folder, env, version);
  } finally {
    if (!keep) await $({ nothrow: true })`kind delete cluster --name knative`;
  }
};

const thereAndBack = async (folder: string, env: NodeJS.ProcessEnv, version: string | undefined): Promise<void> => {
  const run = $({ cwd: root, env, stdio: "inherit" });
  const read = $({ cwd: root, env });
  const knBootstrap = join(folder, "bin", "kn-bootstrap");
  const options = ["--expose", "nodeport", ...(version ? ["--knative-version", version] : [])];

  say("install");
  await run`${knBootstrap} install --yes ${options}`;

  say("install again: nothing to do");
  const waiting = await read`${knBootstrap} plan --exit-code ${options}`.nothrow();
  if (waiting.exitCode !== 0) throw new Error(`plan --exit-code ended with ${waiting.exitCode}:\n${waiting.text()}`);

  say("a Service answers over https, with a certificate that the cluster's own root vouches for");
  const hello = join(folder, "hello.yaml");
  await writeFile(hello, HELLO);
  await run`kubectl apply -f ${hello}`;
  await run`kubectl wait service.serving.knative.dev/hello --for=condition=Ready --timeout=5m`;
  const url = (await read`kubectl get service.serving.knative.dev/hello -o ${"jsonpath={.status.url}"}`).text().trim();
  const secret = ["get", "secret", "self-signed-root", "-n", "kn-bootstrap", "-o", "jsonpath={.data.tls\\.crt}"];
  const rootFile = join(folder, "root.pem");
  await read`kubectl ${secret} | base64 -d > ${rootFile}`;
  // The domain is made of the address by sslip.io; a resolver that guards against loopback answers would hide it.
  const host = new URL(url).hostname;
  const https = ["--resolve", `${host}:443:127.0.0.1`, "--resolve", `${host}:80:127.0.0.1`, "--max-time", "60"];
  const answer = (
    await read`curl --silent --show-error --fail --cacert ${rootFile} ${https} ${`https://${host}`}`
  ).text();
  if (answer.trim() !== "Hello kind!") throw new Error(`${url} answered ${answer}`);
  const redirect = (
    await read`curl --silent --output /dev/null --write-out ${"%{http_code} %{redirect_url}"} ${https} ${`http://${host}`}`
  ).text();
  if (!/^30[1278] https:/.test(redirect)) throw new Error(`http://${host} answered ${redirect}`);
  await run`${knBootstrap} status --services`;

  say("uninstall: refused while the Service runs, then all of it");
  const refused = await read`${knBootstrap} uninstall --yes`.nothrow();
  if (refused.exitCode === 0) throw new Error("uninstall did not mind a Service that runs");
  await run`kubectl delete service.serving.knative.dev/hello --wait`;
  await run`${knBootstrap} uninstall --yes --purge`;
  const left = (await read`kubectl get namespaces,crds -o name`).text();
  if (/knative|kourier|kn-bootstrap/.test(left)) throw new Error(`uninstall left behind:\n${left}`);
};

const { values } = parseArgs({
  options: {
    "knative-version": { type: "string" },
    node: { type: "string" },
    package: { type: "string" },
    keep: { type: "boolean" },
    help: { type: "boolean" },
  },
});
if (values.help) process.stdout.write(USAGE);
else {
  const folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-e2e-"));
  try {
    await endToEnd(folder, {
      version: values["knative-version"],
      node: values.node,
      tarball: values.package,
      keep: values.keep === true,
    });
    say("done");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
