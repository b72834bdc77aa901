import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "../../scripts/fuzz/chance.ts";
import { refOf } from "../../src/ports/object.ts";
import type { Api, ApiRequest, ApiResponse, Obj } from "../../src/sandbox/types.ts";
import { StatusError } from "../../src/sandbox/types.ts";
import { INTRUDER } from "./contents.ts";
import type { Client } from "./scene.ts";

/** Something that goes wrong at one request of a run, and at those that follow. */
export interface Incident {
  readonly name: string;
  /** The request at which it starts, counted from 1. */
  readonly at: number;
  /** How many requests it meets. */
  readonly times: number;
  /** Somebody else changes objects of the installation. */
  readonly meddling?: true;
  readonly strike: (request: ApiRequest, around: Around) => Strike | Promise<Strike>;
}

type Strike = ApiResponse | undefined;

export interface Around {
  readonly api: Api;
  readonly client: Client;
  readonly chance: Chance;
  /** The objects that an incident may touch. */
  readonly targets: () => readonly Obj[];
}

const failure = (code: number, reason: string, message: string): ApiResponse => ({
  status: code,
  body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code },
});
const isWatch = ({ query }: ApiRequest): boolean => query?.watch === "1";
const expired = failure(410, "Expired", "too old resource version: 1 (2)");

const NAME_LABEL = "app.kubernetes.io/name";

/** Another manager's write, as a person's `kubectl edit`. What admission refuses stays undone. */
const intrude = async ({ api, chance, targets }: Around, change: (draft: Obj) => void): Promise<undefined> => {
  const candidates = targets();
  if (candidates.length === 0) return undefined;
  await api.update(INTRUDER, refOf(chance.pick(candidates)), change).catch((error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
  });
  return undefined;
};

/** Changes one value that the installation set. */
const overwrite = (draft: Obj, chance: Chance): void => {
  if (draft.kind === "ConfigMap" && draft.data) {
    const key = chance.pick(Object.keys(draft.data));
    draft.data[key] = `${draft.data[key]}\n# ${INTRUDER}`;
  } else if (draft.kind === "Deployment") draft.spec.template.spec.containers[0].image = `${INTRUDER}/image:1`;
  else if (draft.kind === "Service") draft.spec.selector = { ...draft.spec.selector, app: INTRUDER };
  else if (draft.rules) draft.rules = draft.rules.slice(1);
  else if (draft.metadata.labels?.[NAME_LABEL]) draft.metadata.labels[NAME_LABEL] = INTRUDER;
};

type Kind = Omit<Incident, "at" | "times">;

const KINDS: readonly Kind[] = [
  { name: "429", strike: () => failure(429, "TooManyRequests", "too many requests, please try again later") },
  { name: "500", strike: () => failure(500, "InternalError", "etcdserver: leader changed") },
  {
    name: "503",
    strike: () => failure(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
  },
  {
    name: "slow",
    strike: async (_request, { chance }) => {
      await sleep(20 + chance.below(120));
      return undefined;
    },
  },
  {
    name: "reset before",
    strike: (_request, { client }) => {
      client.reset();
      return failure(500, "InternalError", "nobody reads this");
    },
  },
  {
    name: "reset after",
    strike: (_request, { client }) => {
      client.reset();
      return undefined;
    },
  },
  { name: "watch ends", strike: (request) => (isWatch(request) ? { status: 200, body: "" } : undefined) },
  { name: "watch 410", strike: (request) => (isWatch(request) ? expired : undefined) },
  {
    name: "watch 410 in the stream",
    strike: (request) =>
      isWatch(request)
        ? { status: 200, body: `${JSON.stringify({ type: "ERROR", object: expired.body })}\n` }
        : undefined,
  },
  {
    name: "foreign label",
    meddling: true,
    strike: (_request, around) =>
      intrude(around, (draft) => {
        draft.metadata.labels = { ...draft.metadata.labels, [INTRUDER]: "was-here" };
      }),
  },
  {
    name: "foreign value",
    meddling: true,
    strike: (_request, around) => intrude(around, (draft) => overwrite(draft, around.chance)),
  },
  {
    name: "object deleted",
    meddling: true,
    strike: async (_request, { api, chance, targets }) => {
      const candidates = targets();
      if (candidates.length === 0) return undefined;
      await api.remove(refOf(chance.pick(candidates)));
      return undefined;
    },
  },
  {
    name: "killed",
    strike: (_request, { client }) => {
      client.kill();
      return undefined;
    },
  },
];

/** One to five incidents within about as many requests as a run makes. */
export const incidentsOf = (chance: Chance, requests: number): readonly Incident[] =>
  Array.from({ length: 1 + chance.below(5) }, () => ({
    ...chance.pick(KINDS),
    at: 1 + chance.below(requests),
    times: 1 + chance.below(6),
  }));
