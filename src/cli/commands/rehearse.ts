import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseFor, prepareInstall } from "../../app/planning.ts";
import { strategyOf } from "../../certificates/index.ts";
import { type Remedy, UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import { nodesOf } from "../../sandbox/clouds/index.ts";
import type { CommandContext } from "../context.ts";
import { installInto } from "../installing.ts";
import { faultsOf } from "../rehearsal/assert-faults.ts";
import { hostElsewhere } from "../rehearsal/elsewhere.ts";
import { before, type Hosted, host, kubeconfigIn, type WorldSpec } from "../rehearsal/host.ts";
import { sayStays, toTry } from "../rehearsal/keep.ts";
import { announce, makeKept } from "../rehearsal/kept.ts";
import { lasts } from "../rehearsal/lasts.ts";
import { inSurroundings, zoneFor } from "../rehearsed-internet.ts";
import { openSession } from "../session.ts";

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
  const { stop, list, keep } = given.flags;
  assertOneWish(given.flags);
  if (list) return (await import("../rehearsal/list.ts")).list(given);
  if (stop !== undefined) {
    await (await import("../rehearsal/stop.ts")).stop(given, stop);
    return 0;
  }
  const faults = await faultsOf(given);
  const daysAgo = daysOf(given);
  const ready = await withReleases({ ...given, confirm: async () => true });
  const isStandIn = ready.adapters.standIns !== undefined;
  const kept = keep === undefined ? undefined : makeKept();
  const folder = kept?.folder ?? (await mkdtemp(join(tmpdir(), "kn-bootstrap-")));
  // A second Ctrl-C does not wait for the end of this, and there are credentials in it.
  const forget = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", forget);
  let isLeft = false;
  const saySources = sourcesOf(given, isStandIn);
  try {
    const spec = { ...specOf(given, faults), daysAgo, isStandIn, ...(kept ? { name: kept.name } : {}) };
    // A time means that it outlives this process.
    const elsewhere = kept && keep ? await hostElsewhere(kept, spec, given.signal) : undefined;
    const hosted = elsewhere ?? (await host(spec, folder));
    try {
      sayWhat(given, spec);
      const { surroundings } = hosted.reached;
      const ctx = goesWith(
        kept !== undefined,
        surroundings ? await inSurroundings(ready, surroundings, folder, hosted.asPerson) : ready,
      );
      const now = () => before(daysAgo);
      if (!kept) return await installIn(ctx, hosted, folder, now, async () => nextAfter(ctx));
      const here = elsewhere?.kept ?? announce(kept, hosted.reached);
      const seconds = elsewhere && keep;
      let url: string | undefined;
      const exitCode = await installIn(ctx, hosted, folder, now, async (install, tools) => {
        const found = await toTry(here, hosted.reached, install, tools, seconds);
        url = found.url;
        return found.next;
      });
      if (given.signal.aborted) return exitCode;
      await hosted.toPresent();
      const until = seconds && new Date(Date.now() + seconds * 1_000).toISOString();
      announce({ ...here, isSettled: true, ...(url ? { url } : {}), ...(until ? { until } : {}) }, hosted.reached);
      if (seconds) await elsewhere.leave(seconds);
      isLeft = elsewhere !== undefined;
      saySources();
      sayStays(given, here, seconds);
      if (!isLeft) await lasts(undefined, given.signal);
      return exitCode;
    } finally {
      if (!isLeft) await hosted.close();
    }
  } finally {
    process.off("exit", forget);
    if (!isLeft) forget();
    saySources();
  }
};

/** Says once, before whatever is last, what this is no evidence of. */
const sourcesOf = ({ emit }: Pick<CommandContext, "emit">, isStandIn: boolean): (() => void) => {
  let isSaid = !isStandIn;
  return () => {
    if (isSaid) return;
    isSaid = true;
    const text = "Rehearsed with stand-ins: this says nothing about the released manifests.";
    emit({ type: "note", level: "warning", text });
  };
};

/** Of an installation that has not succeeded nothing is left, as its world goes: one that is kept does so only where it was interrupted. */
const goesWith = (isKept: boolean, ctx: CommandContext): CommandContext => ({
  ...ctx,
  finish: (report, ...rest) => {
    const stays = report.outcome === "done" || (isKept && report.outcome === "failed");
    return ctx.finish(stays ? report : { ...report, isGone: true }, ...rest);
  },
});

const specOf = (
  { flags, config }: CommandContext,
  faults: readonly string[],
): Omit<WorldSpec, "isStandIn" | "daysAgo"> => ({
  nodes: nodesOf(flags.cloud, sizesIn(flags.nodes)),
  faults,
  zone: zoneFor(config),
  ...(flags.cloud ? { cloud: flags.cloud } : {}),
  ...(flags.loadBalancer ? { loadBalancer: flags.loadBalancer } : {}),
  ...(flags.kubernetes ? { version: `v${flags.kubernetes}.0` } : {}),
  ...(flags.existingIstio ? { existingIstio: flags.existingIstio } : {}),
});

/** How long ago the certificate is made. Throws UserError (exit code 2) where it is made by somebody who does not go by our time. */
const daysOf = ({ flags: { certificateAge, keep }, config: { tls } }: CommandContext): number => {
  if (certificateAge === undefined) return 0;
  const { elsewhere } = strategyOf(tls);
  if (!elsewhere && keep !== undefined) return Number(certificateAge);
  throw new UserError({
    id: "rehearse.flags",
    what: elsewhere
      ? `--certificate-age does nothing with --tls ${tls}: renew has nothing to do there.`
      : "--certificate-age does nothing without --keep: nothing is left that could be renewed.",
    remedy: {
      text: "Keep one with a certificate that is due, and renew it:",
      command: sh`kn-bootstrap rehearse --keep --certificate-age 61 --domain apps.example.com --dns route53 --tls letsencrypt`,
    },
    kind: "input",
  });
};

/** What {@link nodeSizes} lets through. */
const sizesIn = (text = ""): Parameters<typeof nodesOf>[1] => {
  const [count, cpus, memory] = (text.match(/\d+/g) ?? []).map(Number);
  return { ...(count ? { count } : {}), ...(cpus ? { cpus } : {}), ...(memory ? { memory } : {}) };
};

const sayWhat = ({ emit }: CommandContext, { faults, isStandIn }: Pick<WorldSpec, "faults" | "isStandIn">): void => {
  const what = isStandIn
    ? " with stand-ins: the released manifests can be had neither from the cache nor from the network"
    : "";
  emit({
    type: "note",
    level: isStandIn ? "warning" : "info",
    text: `A rehearsal in a world on this machine's loopback${what}. No cluster is touched.`,
  });
  if (faults.length > 0)
    emit({ type: "note", level: "warning", text: `What goes wrong in it, as asked: ${faults.join(", ")}.` });
};

const installIn = async (
  ctx: CommandContext,
  { reached: { connectTo } }: Hosted,
  folder: string,
  now: () => Date,
  next: NonNullable<Parameters<typeof installInto>[2]>,
): Promise<number> => {
  const session = await openSession(ctx, { kubeconfig: kubeconfigIn(folder), connectTo });
  try {
    const { tools, frozen } = session;
    return await installInto(ctx, { ...session, tools: { ...tools, now }, frozen: { ...frozen, now } }, next);
  } finally {
    session.close();
  }
};

/** Throws UserError (exit code 2) where more than one of these is asked for. */
const assertOneWish = ({ keep, stop, list }: CommandContext["flags"]): void => {
  const asked = [
    ...(keep === undefined ? [] : ["--keep"]),
    ...(stop === undefined ? [] : ["--stop"]),
    ...(list ? ["--list"] : []),
  ];
  if (asked.length < 2) return;
  throw new UserError({
    id: "rehearse.flags",
    what: `${asked[0]} does not go with ${asked[1]}.`,
    why: "Each is a run of its own.",
    remedy: "Give one of them.",
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
