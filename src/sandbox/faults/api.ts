import { setTimeout as sleep } from "node:timers/promises";
import type { ApiRequest, ApiResponse } from "../types.ts";
import { type Fault, type Harm, SECONDS, type Spell, seconds } from "./fault.ts";

/** What is wrong with the API server, or the way to it, from the first Deployment on that somebody writes: all was well until then. */

const isDeploymentWrite = ({ method, path, query }: ApiRequest): boolean =>
  method !== "GET" && query?.dryRun === undefined && path.includes("/deployments/");

/** Asks the spell only once the work has begun. */
const midRun = (spell: Spell, strike: Required<Harm>["onRequest"]): Harm => {
  let begun = false;
  return {
    onRequest: async (request, api) => {
      begun ||= isDeploymentWrite(request);
      return begun && spell.strikes() ? strike(request, api) : undefined;
    },
  };
};

const refusal = (code: number, reason: string, message: string): ApiResponse => ({
  status: code,
  body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code },
});

const isWatch = ({ query }: ApiRequest): boolean => query?.watch === "1" || query?.watch === "true";

const SLOW_MS = 2_500;
const LAG_MS = 500;
const DROPPED = new Error("dropped");

export const api: readonly Fault[] = [
  {
    name: "api-429",
    summary: "The API server answers 429 to everything, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) =>
      midRun(spell, async () => refusal(429, "TooManyRequests", "Too many requests, please try again later.")),
  },
  {
    name: "api-503",
    summary: "The API server answers 503 to everything, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) =>
      midRun(spell, async () =>
        refusal(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
      ),
  },
  {
    name: "api-resets",
    summary: "Every other request loses its connection, before or after it was carried out, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => {
      const carried = new WeakSet<ApiRequest>();
      let count = 0;
      return midRun(spell, async (request, server) => {
        if (carried.has(request)) return undefined;
        count += 1;
        if (count % 2 === 0 || isWatch(request)) return undefined;
        if (count % 4 === 3) {
          carried.add(request);
          await server.request(request);
        }
        throw DROPPED;
      });
    },
  },
  {
    name: "api-slow",
    summary: `The API server takes ${SLOW_MS} ms for each answer, for SECONDS`,
    parameter: SECONDS,
    make: ({ spell }) =>
      midRun(spell, async () => {
        await sleep(SLOW_MS);
        return undefined;
      }),
  },
  {
    name: "api-away",
    summary: "The API server refuses connections, for SECONDS",
    parameter: seconds("20"),
    make: ({ spell }) => {
      let isDown = false;
      return midRun(spell, async (_request, server) => {
        if (!isDown) {
          spell.whenOver(server.up);
          server.down();
        }
        isDown = true;
        throw DROPPED;
      });
    },
  },
  {
    name: "watch-drops",
    summary: "The API server ends each watch after a tenth of a second, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => ({
      onRequest: async (request) => {
        if (isWatch(request) && spell.strikes()) request.query = { ...request.query, timeoutSeconds: "0.1" };
        return undefined;
      },
    }),
  },
  {
    name: "watch-410",
    summary: "The API server has forgotten where watches want to go on, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => ({
      onRequest: async (request) => {
        if (!isWatch(request) || !spell.strikes()) return undefined;
        const { body } = refusal(410, "Expired", "too old resource version");
        return { status: 200, body: `${JSON.stringify({ type: "ERROR", object: body })}\n` };
      },
    }),
  },
  {
    name: "watch-lags",
    summary: `The API server tells watches of changes ${LAG_MS} ms late, for SECONDS`,
    parameter: SECONDS,
    make: ({ spell }) => ({ lagMs: () => (spell.strikes() ? LAG_MS : 0) }),
  },
  {
    name: "clock-skew",
    summary: "The API server's clock is AHEAD seconds ahead of this machine's, or behind when negative",
    parameter: { value: "AHEAD", default: "7200", accepts: /^-?\d+$/ },
    make: ({ parameter }) => ({ skewMs: Number(parameter) * 1000 }),
  },
];
