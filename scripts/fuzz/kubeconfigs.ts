import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKubeconfig } from "../../src/adapters/cluster/kubeconfig.ts";
import { UserError } from "../../src/ports/error.ts";
import { disturbed, mutatedText } from "./mutate.ts";
import { mostly, must, type Target } from "./target.ts";

const CONFIG = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "dev",
  clusters: [
    {
      name: "c",
      cluster: {
        server: "https://127.0.0.1:6443/x/",
        "certificate-authority-data": "LS0tLS0=",
        "tls-server-name": "a",
        "proxy-url": "socks5://127.0.0.1:1",
        extensions: [{ name: "client.authentication.k8s.io/exec", extension: { a: 1 } }],
      },
    },
  ],
  contexts: [{ name: "dev", context: { cluster: "c", user: "u", namespace: "n" } }],
  users: [
    {
      name: "u",
      user: {
        token: "t",
        "client-certificate-data": "LS0=",
        "client-key-data": "LS0=",
        username: "a",
        password: "b",
        as: "x",
        "as-groups": ["g"],
        "as-user-extra": { a: ["b"] },
      },
    },
    {
      name: "v",
      user: {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: "aws",
          args: ["eks"],
          env: [{ name: "A", value: "b" }],
          interactiveMode: "Never",
          provideClusterInfo: true,
          installHint: "x",
        },
      },
    },
    { name: "w", user: { "auth-provider": { name: "oidc", config: { "id-token": "x" } } } },
  ],
};

// In memory where there is such a place: a hundred thousand files are written.
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "kubeconfigs-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "config");

export const kubeconfigs: Target = {
  name: "kubeconfigs",
  holds: "a kubeconfig, whatever is in it, names a cluster or is refused in words with exit code 2",
  check: async (chance, note) => {
    const other = chance.pick(["u", "v", "w"]);
    const contexts = [{ name: "dev", context: { cluster: "c", user: other } }];
    const text = JSON.stringify(disturbed(chance, { ...CONFIG, contexts }), null, chance.below(2));
    const config =
      chance.below(3) === 0
        ? mutatedText(chance, text, ["&a ", "*a", "<<: ", "- ", ": ", "\n", "[", "{", "!!binary "])
        : text;
    note(config);
    writeFileSync(path, config);
    try {
      const target = await loadKubeconfig({ path, env: { PATH: "/bin" } });
      const { plugin } = target.login;
      must(URL.canParse(target.server), "a server that is no address");
      must(
        plugin === undefined ||
          [plugin.command, plugin.apiVersion, ...plugin.args].every((word) => typeof word === "string"),
        "a plugin whose words are none",
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      must(error.kind === "input", `kind ${error.kind}`);
      mostly(error.message, 25_000, "a refusal");
    }
  },
};
