import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const script = resolve(import.meta.dirname, "../../scripts/e2e-kind.ts");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kn-bootstrap-e2e-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Programs that write down how they are called and answer as `bodies` say; npm installs a kn-bootstrap that is one of them. */
const withStubs = async (bodies: Readonly<Record<string, string>>) => {
  const log = join(folder, "log");
  await writeFile(log, "");
  for (const [name, body] of Object.entries({
    kind: "",
    kubectl: "",
    curl: "",
    npm: "",
    "kn-bootstrap": "",
    ...bodies,
  })) {
    const file = join(folder, name);
    await writeFile(file, `#!/bin/bash\nprintf '%s\\n' "${name} $*" >> '${log}'\n${body}\n`);
    await chmod(file, 0o755);
  }
  const PATH = [folder, dirname(process.execPath), process.env.PATH ?? ""].join(delimiter);
  const ended = await new Promise<{ code: number; err: string }>((done) => {
    execFile(
      process.execPath,
      [script, "--knative-version", "1.23", "--node", "v1.34.0", "--package", join(folder, "kn-bootstrap.tgz")],
      { env: { ...process.env, PATH } },
      (error, _, err) => done({ code: Number(error?.code ?? 0), err }),
    );
  });
  const calls = (await readFile(log, "utf8"))
    .replaceAll(/\/\S*\//g, "/")
    .split("\n")
    .filter(Boolean);
  return { ...ended, calls };
};

/** `npm install --global --prefix DIR FILE` */
const NPM = `mkdir -p "$4/bin" && cp "$(dirname "$0")/kn-bootstrap" "$4/bin/"`;
const KUBECTL = `case "$*" in *status.url*) echo https://hello-default.127.0.0.1.sslip.io ;; *tls*) echo cm9vdA== ;; esac`;
const CURL = `case "$*" in *redirect_url*) echo "308 https://hello" ;; *) echo "Hello kind!" ;; esac`;
const PROGRAM = `[ "$1 $3" != "uninstall " ] || exit 1`;

it("goes there and back again, and takes the cluster away", async () => {
  const { code, err, calls } = await withStubs({ npm: NPM, kubectl: KUBECTL, curl: CURL, "kn-bootstrap": PROGRAM });
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(calls.filter((call) => /^(kind|kn-bootstrap)/.test(call))).toEqual([
    "kind create cluster --config kind-config.yaml --wait 5m --image kindest/node:v1.34.0",
    "kn-bootstrap install --yes --expose nodeport --knative-version 1.23",
    "kn-bootstrap plan --exit-code --expose nodeport --knative-version 1.23",
    "kn-bootstrap status --services",
    "kn-bootstrap uninstall --yes",
    "kn-bootstrap uninstall --yes --purge",
    "kind delete cluster --name knative",
  ]);
});

it("leaves a cluster alone that it did not make", async () => {
  const { code, calls } = await withStubs({ npm: NPM, kind: "exit 1" });
  expect(code).not.toBe(0);
  expect(calls.filter((call) => call.startsWith("kind"))).toHaveLength(1);
});

it("fails when the Service does not answer, and takes the cluster away all the same", async () => {
  const { code, err, calls } = await withStubs({ npm: NPM, kubectl: KUBECTL, curl: "echo no; exit 22" });
  expect(code).not.toBe(0);
  expect(err).toContain("exit code: 22");
  expect(calls.at(-1)).toBe("kind delete cluster --name knative");
});
