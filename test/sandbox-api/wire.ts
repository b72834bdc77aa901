/** Talks to the embedded API over HTTPS, as a program would. */

import { request } from "node:https";
import type { Api } from "../../src/sandbox/types.ts";

export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** False leaves the token out. */
  readonly token?: boolean;
}
export interface Received {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** Resolves at the end of the answer: for a watch, when its timeoutSeconds are over. */
export function send(
  api: Api,
  path: string,
  { method = "GET", headers = {}, body, token = true }: Sent = {},
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, api.url),
      { method, ca: api.ca, headers: { ...(token ? { authorization: `Bearer ${api.token}` } : {}), ...headers } },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => {
          text += chunk;
        });
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
        incoming.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** The events of a watch that lasts a second. */
export async function watched(
  api: Api,
  path: string,
  query: Record<string, string>,
): Promise<{ type: string; object: Record<string, unknown> }[]> {
  const { text } = await send(api, `${path}?${new URLSearchParams({ watch: "true", timeoutSeconds: "1", ...query })}`);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
