import { X509Certificate } from "node:crypto";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { blocksIn } from "../../certificates/pem.ts";
import { inspect } from "../../certificates/secret.ts";
import { WILDCARD } from "../../certificates/served.ts";
import type { ClusterRead } from "../../ports/cluster.ts";
import { type Remedy, UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";
import type { CommandContext } from "../context.ts";
import { reasonOf } from "../file-trouble.ts";
import { advice } from "../reporter/look.ts";
import { trustIn } from "./trust.ts";

type Asking = Pick<CommandContext, "flags" | "adapters" | "emit">;

/** Finds out that the file of --save-root can be written, and leaves nothing behind. Throws UserError (exit code 2). */
export const assertRootFile = async ({ flags: { saveRoot: path } }: Pick<CommandContext, "flags">): Promise<void> => {
  if (path === undefined) return;
  const there = await readIfThere(path);
  if (there !== undefined && blocksIn(there).length !== 1) throw cannot(path, "it is there already, and is no root");
  if (there !== undefined) return;
  try {
    await (await open(path, "wx")).close();
    await rm(path);
  } catch (error) {
    throw cannot(path, reasonOf(error), error);
  }
};

/**
 * Writes the root that signs the gateway's certificate to the file of --save-root; resolves to how it is trusted on this machine.
 * Undefined: nobody asked for it, or there is none. A file that holds something else is left as it is: UserError (exit code 1).
 */
export const saveRoot = async (
  { flags: { saveRoot: path }, adapters, emit }: Asking,
  cluster: Pick<ClusterRead, "get">,
): Promise<readonly Remedy[] | undefined> => {
  if (path === undefined) return undefined;
  const [root] = blocksIn(inspect(await cluster.get(WILDCARD))?.ca ?? "");
  if (root === undefined) {
    emit({
      type: "note",
      level: "warning",
      text: `Nothing is in ${path}: no root of its own signs the gateway's certificate.`,
    });
    return undefined;
  }
  const there = await readIfThere(path);
  if (there === undefined) await write(path, `${root}\n`);
  else if (there.trim() !== root.trim()) throw couldNot(path, "it is there already, and is not this root");
  return trustIn((await adapters.system?.()) ?? "unknown", path, nameOf(root));
};

/** For commands that end without a report. */
export const sayTrust = (
  { config, flags, emit, stdout, look, called }: CommandContext,
  trust: readonly Remedy[],
): void => {
  if (config.output === "text")
    stdout(
      `\n${called(trust)
        .flatMap((remedy) => advice(look, 0, remedy))
        .join("\n")}\n`,
    );
  else emit({ type: "note", level: "info", text: `The root is in ${flags.saveRoot}.` });
};

/** The CN; roots of several clusters lie beside each other. */
const nameOf = (root: string): string => {
  const [, name = "kn-bootstrap"] = /^CN=(.+)$/m.exec(new X509Certificate(root).subject) ?? [];
  return name.replace(/[^\w.]+/g, "-").replace(/^-|-$/g, "");
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cannot(path, reasonOf(error), error);
  }
};

const write = async (path: string, text: string): Promise<void> => {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    throw couldNot(path, reasonOf(error), error);
  }
};

const ELSEWHERE: Remedy = {
  text: "Name another file:",
  command: sh`kn-bootstrap status --save-root kn-bootstrap-root.crt`,
};

/** Before anything is done. */
const cannot = (path: string, reason: string, cause?: unknown): UserError =>
  new UserError({
    id: "config.save-root",
    what: `The root cannot be written to ${path}: ${reason}.`,
    why: "Nothing was changed.",
    remedy: ELSEWHERE,
    kind: "input",
    cause,
  });

const couldNot = (path: string, reason: string, cause?: unknown): UserError =>
  new UserError({
    id: "root.save",
    what: `The root could not be written to ${path}: ${reason}.`,
    why: "The installation is not touched by this.",
    remedy: ELSEWHERE,
    kind: "failed",
    cause,
  });
