import type { IncomingMessage, ServerResponse } from "node:http";
import type { DataPlane } from "../knative/data-plane.ts";
import type { Reply } from "../knative/request.ts";
import type { Stage } from "../objects.ts";
import type { Obj } from "../types.ts";

/** How an Envoy answers, whoever has programmed it. */

/** A share of the requests, and the Revision behind it. */
export interface Split {
  readonly namespace: string;
  readonly revision: string;
  readonly percent: number;
}

/** Without its port: hosts are served with and without one. */
export const hostOf = (request: IncomingMessage): string => authorityOf(request).replace(/:\d+$/, "");

const authorityOf = ({ headers }: IncomingMessage): string => (headers.host ?? "").toLowerCase();

export interface Answers {
  /** No route leads anywhere. */
  readonly notFound: (response: ServerResponse) => void;
  /** 301 to the same under https. */
  readonly toHttps: (request: IncomingMessage, response: ServerResponse) => void;
  /** Carries it to one of the Revisions, by chance. `from`: the Envoy's pod, where that has an identity of its own. */
  readonly carry: (
    splits: readonly Split[],
    request: IncomingMessage,
    response: ServerResponse,
    from?: Obj,
  ) => Promise<void>;
}

export const envoyAnswers = (stage: Stage, dataPlane: DataPlane): Answers => {
  const pick = (splits: readonly Split[]): Split | undefined => {
    let rest = stage.random() * splits.reduce((sum, { percent }) => sum + percent, 0);
    return splits.find(({ percent }) => {
      rest -= percent;
      return rest < 0;
    });
  };

  return {
    notFound: (response) => send(response, { status: 404, body: "" }),
    toHttps: (request, response) => {
      // Only the port that the old scheme has by itself is left out (Envoy processRequestHost).
      const location = `https://${authorityOf(request).replace(/:80$/, "")}${request.url ?? "/"}`;
      send(response, { status: 301, body: "" }, { location });
    },
    carry: async (splits, request, response, from) => {
      const split = pick(splits);
      if (!split) return send(response, { status: 404, body: "" });
      const startedAt = performance.now();
      const reply = await dataPlane(split.namespace, split.revision, {
        method: request.method ?? "GET",
        uri: request.url ?? "/",
        host: authorityOf(request),
        headers: request.headers,
        remoteAddress: `${request.socket.remoteAddress}:${request.socket.remotePort}`,
        ...(from ? { from } : {}),
      });
      send(response, reply, { "x-envoy-upstream-service-time": String(Math.round(performance.now() - startedAt)) });
    },
  };
};

/** Runs the answer to a request; what goes wrong in it is a bug of the world. */
export const answering = (request: IncomingMessage, response: ServerResponse, answer: () => Promise<void>): void => {
  request.resume();
  answer().catch((error: unknown) => {
    send(response, { status: 503, body: "upstream connect error" });
    throw new Error("gateway", { cause: error });
  });
};

const send = (response: ServerResponse, reply: Reply, headers: Record<string, string> = {}): void => {
  const type: Record<string, string> = reply.body === "" ? {} : { "content-type": "text/plain; charset=utf-8" };
  response.writeHead(reply.status, {
    ...type,
    "content-length": Buffer.byteLength(reply.body),
    server: "envoy",
    ...headers,
  });
  response.end(reply.body);
};
