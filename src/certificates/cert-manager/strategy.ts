import { letsEncrypt } from "../acme/cas.ts";
import type { ControllerWish, Refusal } from "../controller.ts";
import type { TlsStrategy } from "../strategy.ts";
import { CONFIGURED } from "./configured.ts";
import { CERT_MANAGER, NAMESPACE, READY } from "./names.ts";

/** Knative's common name for long hosts (serving, pkg/reconciler/certificate); X.509 allows 64, Knative checks 63. */
const MOST_CHARACTERS = 63;
const PREFIX = "k.";

const broken = ({ domain, dns, hasSolver, solvers }: ControllerWish): Refusal | undefined => {
  if (!hasSolver)
    return {
      what: `--tls cert-manager does not go with --dns ${dns}.`,
      why: "cert-manager has to write TXT records by itself, whenever it renews.",
      between: ["tls", "dns"],
      remedy: `Choose --dns ${solvers} with a --domain of your own, or another --tls.`,
    };
  const common = `${PREFIX}${domain}`;
  if (common.length <= MOST_CHARACTERS) return undefined;
  return {
    what: `--domain ${domain} is too long for --tls cert-manager.`,
    why: `Knative asks for the common name ${common}, which has ${common.length} characters; a certificate has room for ${MOST_CHARACTERS}.`,
    between: ["tls", "domain"],
    remedy: `Choose a domain of at most ${MOST_CHARACTERS - PREFIX.length} characters, or another --tls.`,
  };
};

export const certManager = {
  id: "cert-manager",
  title: "cert-manager",
  offer: { title: "cert-manager", hint: "It is installed or adopted, and makes one certificate for each Route." },
  help: "installed if it is not there, and asked by Knative for each Route.",
  serves: "routes",
  controller: {
    step: CERT_MANAGER,
    namespace: NAMESPACE,
    directory: letsEncrypt.acme.directory,
    rule: { id: "config.cert-manager-dns", broken },
    configures: CONFIGURED,
    inUse: async (live) => (await import("./in-use.ts")).inUse(live),
    ready: ({ namespace = "", name }) => ({
      ...READY,
      run: async (...look) => (await import("./chain.ts")).certificatesReady(namespace, name).run(...look),
    }),
    secretOf: async (...asked) => (await import("./chain.ts")).secretOfRoute(...asked),
  },
  elsewhere: {
    answer: "cert-manager renews the certificates by itself.",
    renewer: { by: "cert-manager", text: () => "cert-manager, by itself", help: "cert-manager renews its own" },
  },
} as const satisfies TlsStrategy;
