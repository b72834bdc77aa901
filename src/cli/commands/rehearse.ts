import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseFor, prepareInstall } from "../../app/planning.ts";
import { didYouMean } from "../../config/similar.ts";
import { dnsProvider } from "../../dns/index.ts";
import { type Remedy, UserError } from "../../ports/error.ts";
import { lines, sh } from "../../ports/shell.ts";
import type { World } from "../../sandbox/world.ts";
import type { CommandContext } from "../context.ts";
import { installInto } from "../installing.ts";
import { kubeconfigIn, stay, toTry } from "../rehearsal/keep.ts";
import { announce, makeKept } from "../rehearsal/kept.ts";
import { rehearsedInternet } from "../rehearsed-internet.ts";
import { openSession } from "../session.ts";

/** What is recommended for a real one. */
const NODES = [1, 2, 3].map((number) => ({
  name: `rehearsal-${number}`,
  cpu: "4",
  memory: "16Gi",
  internalIP: "127.0.0.1",
  externalIP: "127.0.0.1",
}));

/** The ingress that was asked for is asked for there too, and its mesh. */
const nextAfter = ({ written: { ingress }, config: { mesh } }: CommandContext): readonly Remedy[] => {
  const chosen = [...(ingress === undefined ? [] : ["--ingress", ingress]), ...(mesh ? ["--mesh"] : [])];
  return [
    {
      text: "The same on a kind cluster of your own:",
      command: sh`kind create cluster --config kind-config.yaml && kn-bootstrap install --expose nodeport ${chosen}`,
    },
    { text: "On a real cluster, look at the plan first:", command: sh`kn-bootstrap plan ${chosen}` },
  ];
};

export const run = async (given: CommandContext): Promise<number> => {
  const { kubernetes, stop } = given.flags;
  if (stop !== undefined) {
    await (await import("../rehearsal/stop.ts")).stop(given, stop);
    return 0;
  }
  const faults = given.flags.fault.flatMap((text) => text.split(/\s+/));
  await assertFaults(faults);
  await assertOutside(faults, given.config);
  const ready = await withReleases({ ...given, confirm: async () => true });
  const stood = ready.adapters.standIns !== undefined;
  const { startWorld } = await import("../../sandbox/world.ts");
  const { keep } = given.flags;
  const kept = keep === undefined ? undefined : makeKept();
  const directory = kept?.folder ?? (await mkdtemp(join(tmpdir(), "kn-bootstrap-")));
  // A second Ctrl-C does not wait for the end of this, and there are credentials in it.
  const forget = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", forget);
  const closings: (() => Promise<void>)[] = [];
  try {
    const { ctx, door, outside, surroundings, close } = await rehearsedInternet(ready, directory);
    closings.push(close);
    const world = await startWorld({
      pace: 60,
      nodes: NODES,
      faults,
      ...(kept ? { name: kept.name } : {}),
      ...(kubernetes ? { version: `v${kubernetes}.0` } : {}),
      ...(door ? { certManager: door } : {}),
      ...(outside ? { outside } : {}),
    });
    closings.push(world.close);
    await bringIstio(given, world);
    const kubeconfig = kubeconfigIn(directory);
    await writeFile(kubeconfig, world.kubeconfig, { mode: 0o600 });
    const { url: server, ca } = world.api;
    const reached = { connectTo: world.connectTo, ...(surroundings ? { surroundings } : {}) };
    if (kept) announce(kept, { server, ca, ...reached, isStandIn: stood });
    const what = stood
      ? " with stand-ins: the released manifests can be had neither from the cache nor from the network"
      : "";
    ctx.emit({
      type: "note",
      level: stood ? "warning" : "info",
      text: `A rehearsal in a world on this machine's loopback${what}. No cluster is touched.`,
    });
    if (faults.length > 0)
      ctx.emit({ type: "note", level: "warning", text: `What goes wrong in it, as asked: ${faults.join(", ")}.` });
    const session = await openSession(ctx, { kubeconfig, connectTo: world.connectTo });
    const exitCode = await installInto(ctx, session, async (install, tools) =>
      kept ? toTry(kept, reached, install, tools) : nextAfter(ctx),
    ).finally(session.close);
    if (kept && keep !== undefined) await stay(ctx, kept, keep);
    return exitCode;
  } finally {
    await Promise.all(closings.map((close) => close()));
    process.off("exit", forget);
    forget();
    if (stood)
      given.emit({
        type: "note",
        level: "warning",
        text: "Rehearsed with stand-ins: this says nothing about the released manifests.",
      });
  }
};

/** Somebody else's, as it was asked for. */
const bringIstio = async ({ flags: { existingIstio } }: CommandContext, { api }: Pick<World, "api">): Promise<void> => {
  if (existingIstio === undefined) return;
  const { bring, shapeObjects } = await import("../../sandbox/istio/shapes/index.ts");
  await bring(api, shapeObjects(existingIstio));
};

const assertFaults = async (texts: readonly string[]): Promise<void> => {
  const { chooseFault, FAULTS } = await import("../../sandbox/faults/index.ts");
  const wrong = texts.find((text) => !chooseFault(text));
  if (wrong === undefined) return;
  const [name = ""] = wrong.split(":");
  const known = FAULTS.find((fault) => fault.name === name);
  const terms = FAULTS.map((fault) => ({ ...fault, term: `${fault.name}[:${fault.parameter.value}]` }));
  const width = Math.max(...terms.map(({ term }) => term.length));
  throw new UserError({
    id: "rehearse.fault",
    what: known
      ? `The fault ${name} does not take ${JSON.stringify(wrong.slice(name.length + 1))}.`
      : `There is no fault ${JSON.stringify(name)}.`,
    remedy: {
      text: didYouMean(name, known ? [] : FAULTS.map((fault) => fault.name), "These can be asked for:"),
      command: lines(terms.map(({ term, summary }) => `${term.padEnd(width)}  ${summary}`).join("\n")),
    },
    kind: "input",
  });
};

/** Without a domain, nobody asks a name server or a CA. */
const assertOutside = async (texts: readonly string[], { domain, dns }: CommandContext["config"]): Promise<void> => {
  const { chooseFault } = await import("../../sandbox/faults/index.ts");
  const wrong = texts.find((text) => chooseFault(text)?.fault.isOutside);
  if (wrong === undefined || (domain && dnsProvider(dns))) return;
  throw new UserError({
    id: "rehearse.fault",
    what: `The fault ${wrong} is felt by nobody: this rehearsal has no name servers and no CA.`,
    remedy: {
      text: "Rehearse with a domain whose records are written:",
      command: sh`kn-bootstrap rehearse --fault ${wrong} --domain apps.example.com --dns route53 --tls letsencrypt`,
    },
    kind: "input",
  });
};

/** Stand-ins only where the release can be had from nowhere, and never in place of a directory that was named. */
const withReleases = async (ctx: CommandContext): Promise<CommandContext> => {
  try {
    const { kubernetes } = ctx.flags;
    await prepareInstall(ctx, await chooseFor(ctx, kubernetes ? { kubernetes } : {}), true);
    return ctx;
  } catch (error) {
    if (!(error instanceof UserError) || error.id !== "release.unavailable") throw error;
    const { standIn } = await import("../../sandbox/stand-ins/index.ts");
    return { ...ctx, adapters: { ...ctx.adapters, standIns: standIn } };
  }
};
