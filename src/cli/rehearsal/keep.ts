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
import type { Kept, KeptWorld } from "./kept.ts";

/** Stays until somebody ends it, or for so many seconds; 0: as long as nobody does. */
export const stay = async (
  { emit, signal, config, stdout }: Pick<CommandContext, "emit" | "signal" | "config" | "stdout">,
  { name, folder }: Kept,
  seconds: number,
): Promise<void> => {
  if (signal.aborted) return;
  const until = seconds > 0 ? `for ${duration(seconds)}, or until Ctrl-C` : "until Ctrl-C";
  const choose = sh`export KUBECONFIG=${kubeconfigIn(folder)}`;
  const isText = config.output === "text";
  emit({ type: "note", level: "info", text: `${name} stays ${until}${isText ? "." : `: ${choose}`}` });
  // By itself, as a line that is not wrapped: an installation that failed has no other place that names it.
  if (isText) stdout(`\n${choose}\n`);
  await new Promise<void>((end) => {
    // What the world listens with keeps no process alive.
    const timer = seconds > 0 ? setTimeout(end, seconds * 1_000) : setInterval(() => {}, LONG_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      end();
    });
  });
};

const LONG_MS = 2 ** 30;

export const kubeconfigIn = (folder: string): string => join(folder, "kubeconfig");

/** What can be tried, each as a command to copy. What these need is written into the folder. */
export const toTry = async (
  { folder }: Kept,
  { connectTo, surroundings }: Pick<KeptWorld, "connectTo" | "surroundings">,
  install: Installation,
  tools: Tools,
): Promise<readonly Remedy[]> => {
  const service = join(folder, "hello.yaml");
  await writeFile(service, helloOf(install.manifests.hello));
  return [
    {
      text: "In another terminal, where KUBECONFIG is as said below, look at it:",
      command: sh`kn-bootstrap status && kn-bootstrap doctor && kubectl get pods -A`,
    },
    { text: "Deploy a first Service:", command: sh`kubectl apply --validate=false -f ${service}` },
    ...(await toAsk(folder, connectTo, surroundings?.root, install, tools)),
    {
      text: "Renew its certificate, or take it all away again:",
      command: sh`kn-bootstrap renew; kn-bootstrap uninstall`,
    },
  ];
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

/** Its URL as it opens on this machine: the gateway cannot listen on 80 and 443. */
const toAsk = async (
  folder: string,
  connectTo: KeptWorld["connectTo"],
  publicRoot: string | undefined,
  install: Installation,
  { cluster }: Tools,
): Promise<readonly Remedy[]> => {
  const { config, ingress } = install;
  const reader = readerOf(cluster);
  const [naming, address] = await Promise.all([findNaming(reader, install), findAddress(reader, config, ingress)]);
  if (!naming || !address) return [];
  const url = new URL(urlAt(naming.url(HELLO), address));
  const isTls = url.protocol === "https:";
  const port = connectTo.get(isTls ? address.https : address.http);
  const { root } = strategyOf(config.tls);
  const pem = isTls ? (root ? inspect(await cluster.get(WILDCARD))?.ca : publicRoot) : undefined;
  const file = join(folder, "root.crt");
  if (pem) await writeFile(file, pem);
  const trust = pem ? option("--cacert", file) : [];
  const there = `::${address.host.startsWith("127.") ? address.host : "127.0.0.1"}:${port}`;
  return [
    { text: "Ask it:", command: sh`curl ${trust} --connect-to ${there} ${url.origin}` },
    {
      text: `In a browser${pem ? ", where root.crt beside its kubeconfig is trusted" : ""}${
        config.domain ? `, and where ${url.hostname} leads to 127.0.0.1` : ""
      }:`,
      command: lines(`${url.protocol}//${url.hostname}:${port}`),
    },
  ];
};
