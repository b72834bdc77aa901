import { hostFor, wildcardsFor } from "../certificates/names.ts";
import { inspect } from "../certificates/secret.ts";
import { findAddress } from "../ingress/address.ts";
import type { Remedy } from "../ports/error.ts";
import { readerOf } from "../ports/reader.ts";
import { findDomain } from "../steps/domain.ts";
import type { Installation } from "../steps/installation.ts";
import type { Tools } from "../steps/lifecycle.ts";
import { recordFor } from "../steps/status.ts";
import { WILDCARD } from "../steps/tls.ts";

/** What to do when the installation answers: records to publish, a root to trust, a first Service, the way back. */
export const nextSteps = async (install: Installation, { cluster }: Tools): Promise<readonly Remedy[]> => {
  const { config } = install;
  const reader = readerOf(cluster);
  const [domain = "", address, secret] = await Promise.all([
    findDomain(reader, install),
    findAddress(reader, config, install.ingress),
    cluster.get(WILDCARD),
  ]);
  const scheme = config.tls === "none" ? "http" : "https";
  const url = `${scheme}://${hostFor(config.domainTemplate, { name: "hello", namespace: "default" }, domain)}`;
  const records =
    config.dns === "none" && address
      ? wildcardsFor(config.domainTemplate, domain, [...config.namespaces, "default"]).map((name) =>
          recordFor(name, address.host),
        )
      : [];
  const root = config.tls === "self-signed" ? inspect(secret)?.ca : undefined;
  return [
    ...records.map(({ name, type, value }) => ({
      text: "Publish this record where the domain's DNS is kept:",
      command: `${name}. ${type} ${value}${type === "CNAME" ? "." : ""}`,
    })),
    ...(root
      ? [
          {
            text: "Trust the root of this cluster where your browsers and clients keep theirs (once; it is kept over reinstalls):",
            command: `cat > kn-bootstrap-root.crt <<'PEM'\n${root.trim()}\nPEM`,
          },
        ]
      : []),
    {
      text: `Deploy a first Service; it will answer at ${url}:`,
      command: `kn service create hello --image ${install.manifests.hello}`,
    },
    { text: "See how it is:", command: "kn-bootstrap status" },
    { text: "Take it all away again:", command: "kn-bootstrap uninstall" },
  ];
};
