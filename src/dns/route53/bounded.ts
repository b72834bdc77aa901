import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import { TooMuch } from "../../ports/bounded.ts";

/** Published by Node when the head of an answer is there, and nothing of its body has been read. */
const CHANNEL = "http.client.response.finish";

/**
 * An end for every answer that comes while `run` runs: those of the service, and those of whoever hands out credentials (STS, SSO, ECS, the
 * instance's metadata), whose requests the SDK makes by itself and reads without a limit. Rejects with {@link TooMuch}.
 */
export const boundAnswers = (most: number) => {
  const calls = new AsyncLocalStorage<(error: TooMuch) => void>();
  const watch = (message: unknown): void => {
    const refuse = calls.getStore();
    if (!refuse) return;
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const push = response.push.bind(response);
    let size = 0;
    response.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
      size += chunk?.length ?? 0;
      if (size <= most) return push(chunk, encoding);
      // The reader may not listen for errors, so the call is rejected here.
      refuse(new TooMuch(most));
      request.destroy();
      return false;
    };
  };
  subscribe(CHANNEL, watch);
  return {
    run: <T>(work: () => Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        calls.run(reject, work).then(resolve, reject);
      }),
    close: (): void => {
      unsubscribe(CHANNEL, watch);
    },
  };
};
