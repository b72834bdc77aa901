import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import type { Host } from "../context.ts";
import { thisMachine } from "../holder.ts";
import { type Hosted, host } from "./host.ts";
import { announce, processOf } from "./kept.ts";
import { lasts } from "./lasts.ts";
import type { FromWorld, ToWorld } from "./talk.ts";

/**
 * The process of a world that stays: it has the world and nothing else. What was asked for comes by the channel to the process that
 * started it; while that has not said that it may stay, it ends when the channel does. Resolves to the exit code.
 */
export const run = async ({ signal, stdout }: Pick<Host, "signal" | "stdout">): Promise<number> => {
  const [first] = (await once(process, "message")) as [ToWorld];
  if (first.kind !== "start") return 2;
  const { kept, spec } = first;
  const log = (text: string): void => void stdout.write(`${new Date().toISOString()} ${text}\n`);
  const forget = (): void => rmSync(kept.folder, { recursive: true, force: true });
  process.once("exit", forget);
  let hosted: Hosted | undefined;
  try {
    // Listened for before anything takes its time: nothing that is said is missed.
    const stay = untilLeft((message) => {
      if (message.kind === "person") hosted?.asPerson(message.task);
      if (message.kind === "present") void hosted?.toPresent();
    });
    hosted = await host(spec, kept.folder, ({ method, path }) => {
      if (method !== "GET") log(`${method} ${path}`);
      return undefined;
    });
    const { server } = hosted.reached;
    const process = processOf(thisMachine());
    announce({ ...kept, process }, hosted.reached);
    log(`${kept.name} stands at ${server}`);
    tell({ kind: "stands", process, reached: hosted.reached });
    const seconds = await Promise.race([stay, aborted(signal)]);
    // Who takes its folder away wants it gone: a cleaner of temporary files, mostly.
    if (seconds !== undefined) await lasts(seconds, signal, () => existsSync(kept.folder));
    log(
      `${kept.name} ends: ${seconds === undefined ? "who started it has gone" : "its time is over, or it was told to"}`,
    );
    return 0;
  } catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const { message = String(error), code, path, syscall } = error as NodeJS.ErrnoException;
    tell({ kind: "failed", error: { message, code, path, syscall } });
    return 1;
  } finally {
    await hosted?.close();
    forget();
    if (process.connected) process.disconnect();
  }
};

const tell = (message: FromWorld): void => {
  if (process.connected) process.send?.(message, () => {});
};

/** Resolves to the seconds for which it may stay, or to undefined when whoever could say that has gone. */
const untilLeft = (other: (message: ToWorld) => void): Promise<number | undefined> =>
  new Promise((done) => {
    process.on("message", (message: ToWorld) => {
      if (message.kind === "stay") done(message.seconds);
      else other(message);
    });
    process.once("disconnect", () => done(undefined));
  });

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((done) => {
    if (signal.aborted) done(undefined);
    signal.addEventListener("abort", () => done(undefined), { once: true });
  });
