import { sh } from "../../ports/shell.ts";
import { contentOf, type Entry, fieldOf, placeOf, wrong } from "./kubeconfig-entry.ts";
import type { ClusterEntry, Environment } from "./kubeconfig-files.ts";
import { anchorsIn } from "./pem.ts";
import { chooseProxy } from "./proxy.ts";
import type { ClusterTarget } from "./target.ts";

/** Where a cluster is, how it is reached and whom its certificate is verified with. Errors: UserError `kubeconfig.*`. */
export const reachOf = async (
  cluster: ClusterEntry,
  env: Environment,
): Promise<Pick<ClusterTarget, "server" | "tls" | "proxy" | "warnings">> => {
  const entry: Entry = { kind: "cluster", name: cluster.name, folder: cluster.folder };
  const server = serverOf(entry, cluster.server);
  const ca = await caOf(entry, cluster);
  const insecure = cluster["insecure-skip-tls-verify"];
  if (insecure && ca !== undefined)
    throw wrong(
      entry,
      "kubeconfig.ca",
      "it names a certificate-authority and says insecure-skip-tls-verify; kubectl takes one",
      {
        text: "Verify with the certificate-authority:",
        command: sh`kubectl config set-cluster ${cluster.name} --insecure-skip-tls-verify=false`,
      },
    );
  const servername = cluster["tls-server-name"];
  const proxy = chooseProxy(new URL(server), { url: cluster["proxy-url"], entry }, env);
  return {
    server,
    tls: { insecure, ...(ca === undefined ? {} : { ca }), ...(servername ? { servername } : {}) },
    ...(proxy ? { proxy } : {}),
    warnings: insecure
      ? [
          `The certificate of ${server} is not verified: the kubeconfig says insecure-skip-tls-verify. Anyone in between can read and change everything.`,
        ]
      : [],
  };
};

const serverOf = (entry: Entry, written: string): string => {
  const url =
    /^https?:\/\/[^\s/\\?#]+([/?#]\S*)?$/i.test(written) && URL.canParse(written) ? new URL(written) : undefined;
  const why = !url
    ? written === ""
      ? "it has no server"
      : `its server ${JSON.stringify(written)} is no http:// or https:// address`
    : url.username || url.password
      ? "its server holds a user name or a password, which belong to the user"
      : undefined;
  if (url && why === undefined) return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  throw wrong(entry, "kubeconfig.server", why ?? "", {
    text: "Correct it:",
    command: sh`kubectl config set-cluster ${entry.name} --server=https://HOST:6443`,
  });
};

const caOf = async (entry: Entry, cluster: ClusterEntry): Promise<string | undefined> => {
  const field = "certificate-authority";
  const place = placeOf(entry, field, cluster[field], cluster["certificate-authority-data"]);
  if (!place) return undefined;
  const anchors = anchorsIn(await contentOf(entry, field, place));
  if (anchors !== undefined) return anchors;
  throw wrong(entry, "kubeconfig.ca", `${fieldOf(field, place)} holds no certificate in PEM`, {
    text: "Give it the CA that the server's certificate leads to:",
    command: sh`kubectl config set-cluster ${entry.name} --certificate-authority=ca.crt --embed-certs`,
  });
};
