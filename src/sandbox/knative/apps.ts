import { setTimeout as sleep } from "node:timers/promises";
import type { Stream } from "../kubernetes/logs/cri.ts";
import type { Obj } from "../types.ts";
import type { Reply, Request } from "./request.ts";

/** A user's container, as far as the world knows what is in its image. */
export interface App {
  /** What it writes when it starts, and when it gets a request. */
  readonly starts?: (port: string) => readonly Line[];
  readonly serves?: (request: Request) => readonly Line[];
  readonly answer: (request: Request, container: Obj) => Reply | Promise<Reply>;
}

export interface Line {
  readonly stream: Stream;
  readonly text: string;
}

/** The program of a container; one that nobody here knows tells which Revision it is. */
export const appOf = (container: Obj | undefined, revision: string): App =>
  KNOWN.find(({ image }) => container?.image.includes(image))?.app ?? {
    answer: () => ({ status: 200, body: `${revision}\n` }),
  };

const environment = (container: Obj, name: string): string | undefined =>
  (container.env as Obj[] | undefined)?.find((variable) => variable.name === name)?.value;

/** Go's package log, which writes to standard error. */
const logged = (text: string): Line => {
  const time = new Date().toISOString().slice(0, 19).replace(/-/g, "/").replace("T", " ");
  return { stream: "stderr", text: `${time} ${text}` };
};

/** Knative's sample helloworld-go. */
const hello: App = {
  starts: (port) => [logged("helloworld: starting server..."), logged(`helloworld: listening on port ${port}`)],
  serves: () => [logged("helloworld: received a request")],
  answer: (_request, container) => ({ status: 200, body: `Hello ${environment(container, "TARGET") ?? "World"}!\n` }),
};

/** Node's timers may fire up to a millisecond early, Go's never do. */
const atLeast = async (milliseconds: number): Promise<void> => {
  const until = performance.now() + milliseconds;
  while (performance.now() < until) await sleep(Math.max(1, until - performance.now()));
};

/** httpbin, of which it has /status/CODE and /delay/SECONDS. */
const httpbin: App = {
  answer: async ({ uri }) => {
    const [, status] = /^\/status\/(\d{3})\b/.exec(uri) ?? [];
    const [, delay] = /^\/delay\/(\d+(?:\.\d+)?)\b/.exec(uri) ?? [];
    if (delay) await atLeast(Number(delay) * 1000);
    return { status: Number(status ?? 200), body: "" };
  },
};

const KNOWN: readonly { readonly image: string; readonly app: App }[] = [
  { image: "helloworld-go", app: hello },
  { image: "httpbin", app: httpbin },
];
