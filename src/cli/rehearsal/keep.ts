import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tools } from "../../app/tools.ts";
import { strategyOf } from "../../certificates/index.ts";
import { inspect } from "../../certificates/secret.ts";
import { WILDCARD } from "../../certificates/served.ts";
import { duration } from "../../config/syntax.ts";
import { findAddress, urlAt } from "../../ingress/address.ts";
import type { Remedy } from "../../ports/error.ts";
import { readerOf } from "../../ports/reader.ts";
import { lines, option, sh } from "../../ports/shell.ts";
import { findNaming } from "../../steps/domain/index.ts";
import type { Installation } from "../../steps/installation.ts";
import type { CommandContext } from "../context.ts";
import { logIn } from "./elsewhere.ts";
import { kubeconfigIn } from "./host.ts";
import type { Kept, KeptWorld } from "./kept.ts";

/** Says that it stays, and with which kubeconfig it is reached. */
export const sayStays = (
  { emit, config, stdout }: Pick<CommandContext, "emit" | "config" | "stdout">,
  { name, folder }: Kept,
  seconds: number | undefined,
): void => {
  const choose = choosing(folder);
  const isText = config.output === "text";
  const until = seconds === undefined ? "until Ctrl-C" : `for ${duration(seconds)}, its log is in ${logIn(folder)}`;
  emit({ type: "note", level: "info", text: `${name} stays ${until}${isText ? "." : `: ${choose}`}` });
  // By itself, as a line that is not wrapped: an installation that failed has no other place that names it.
  if (isText) stdout(`\n${choose}\n`);
};

const choosing = (folder: string) => sh`export KUBECONFIG=${kubeconfigIn(folder)}`;

/** What can be tried, each as a command to copy, and where Services are. What these need is written into the folder. */
export const toTry = async (
  { name, folder }: Kept,
  world: KeptWorld,
  install: Installation,
  tools: Tools,
  seconds: number | undefined,
): Promise<{ readonly url: string | undefined; readonly next: readonly Remedy[] }> => {
  const service = join(folder, "hello.yaml");
  await writeFile(service, helloOf(install.manifests.hello));
  const opened = await findOpened(world, install, tools);
  return {
    url: opened?.urlOf({ name: "<service>", namespace: "<namespace>" }),
    next: [
      {
        text: `${seconds === undefined ? "In another terminal, choose" : "Choose"} its kubeconfig; all that follows goes by it:`,
        command: choosing(folder),
      },
      {
        text: "Look at it:",
        command: sh`kn-bootstrap status && kn-bootstrap doctor && kubectl get pods -A`,
      },
      { text: "Deploy a first Service:", command: sh`kubectl apply -f ${service}` },
      ...(opened ? await toAsk(folder, opened, install) : []),
      {
        text: "Renew its certificate, or take it all away again:",
        command: sh`kn-bootstrap renew; kn-bootstrap uninstall`,
      },
      ...(seconds === undefined
        ? []
        : [
            {
              text: "See which are kept, and end this one:",
              command: sh`kn-bootstrap rehearse --list; kn-bootstrap rehearse --stop=${name}`,
            },
          ]),
    ],
  };
};

const HELLO = { name: "hello", namespace: "default" };

const helloOf = (image: string): string =>
  `${JSON.stringify(
    {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: HELLO,
      spec: { template: { spec: { containers: [{ image }] } } },
    },
    null,
    2,
  )}\n`;

/** How its Services are reached on this machine: the gateway cannot listen on 80 and 443. */
interface Opened {
  /** The loopback address and port that answer, and the URL as the cluster says it. */
  readonly there: string;
  readonly origin: string;
  readonly urlOf: (service: { readonly name: string; readonly namespace: string }) => string;
  /** PEM of the root that signs for it; absent: no https. */
  readonly root: string | undefined;
}

const findOpened = async (
  { connectTo, surroundings }: KeptWorld,
  install: Installation,
  { cluster }: Tools,
): Promise<Opened | undefined> => {
  const { config, ingress } = install;
  const reader = readerOf(cluster);
  const [naming, address] = await Promise.all([findNaming(reader, install), findAddress(reader, config, ingress)]);
  if (!naming || !address) return undefined;
  const { protocol, origin } = new URL(urlAt(naming.url(HELLO), address));
  const isTls = protocol === "https:";
  const port = connectTo.get(isTls ? address.https : address.http);
  const own = strategyOf(config.tls).root;
  return {
    there: `${address.host.startsWith("127.") ? address.host : "127.0.0.1"}:${port}`,
    origin,
    urlOf: (service) => `${naming.url(service)}:${port}`,
    root: isTls ? (own ? inspect(await cluster.get(WILDCARD))?.ca : surroundings?.root) : undefined,
  };
};

const toAsk = async (
  folder: string,
  { there, origin, urlOf, root }: Opened,
  { config: { domain } }: Installation,
): Promise<readonly Remedy[]> => {
  const file = join(folder, "root.crt");
  if (root) await writeFile(file, root);
  const trust = root ? option("--cacert", file) : [];
  return [
    { text: "Ask it:", command: sh`curl ${trust} --connect-to ${`::${there}`} ${origin}` },
    {
      text: `In a browser${root ? ", where root.crt beside its kubeconfig is trusted" : ""}${
        domain ? `, and where ${new URL(origin).hostname} leads to 127.0.0.1` : ""
      }:`,
      command: lines(urlOf(HELLO)),
    },
  ];
};
