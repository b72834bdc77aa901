import { PassThrough } from "node:stream";
import type { CommandContext, Host } from "../../src/cli/context.ts";

export interface FakeHost extends Host {
  readonly out: () => string;
  readonly err: () => string;
}

const unused = (): never => {
  throw new Error("this test has no cluster");
};

const collect = (stream: PassThrough): (() => string) => {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
};

/** A process without a terminal, in an 80-column UTF-8 place unless told otherwise. */
export const fakeHost = (argv: readonly string[], changes: Partial<Omit<Host, "argv">> = {}): FakeHost => {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const out = collect(stdout);
  const err = collect(stderr);
  return {
    argv,
    env: { LANG: "C.UTF-8" },
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: new AbortController().signal,
    adapters: {
      holder: { name: "test", isDead: () => false },
      openCluster: unused,
      createProbe: unused,
      createResolver: unused,
      createAuthority: unused,
    } satisfies CommandContext["adapters"],
    ...changes,
    out,
    err,
  };
};
