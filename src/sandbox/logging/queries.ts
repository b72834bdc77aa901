import { podsBehind } from "../kubernetes/endpoint-slices.ts";
import type { Api, Obj } from "../types.ts";
import type { Store } from "./store.ts";

type Kept = ReturnType<Store["in"]>;

/** The word that is asked for: `q="WORD"` of Elasticsearch and OpenSearch, `|= \`WORD\`` of Loki. */
const wordIn = (path: string): string | undefined =>
  /["`]([^"`]+)["`]$/.exec(
    new URL(path, "http://store").searchParams.get(path.includes("/_search") ? "q" : "query") ?? "",
  )?.[1];

const answerOf = (path: string, records: Kept): unknown =>
  path.includes("/_search")
    ? { hits: { hits: records.map((record) => ({ _source: record })) } }
    : {
        status: "success",
        data: { resultType: "streams", result: records.map((record) => ({ values: [["1", JSON.stringify(record)]] })) },
      };

/** What a store behind a Service answers to a search by a word; undefined: the pod is behind none, or is asked something else. */
export const queried = (api: Api, store: Store, pod: Obj, request: string): string | undefined => {
  const path = request.slice(request.indexOf("/proxy") + "/proxy".length);
  if (!path.includes("/_search") && !path.includes("/loki/api/v1/query_range")) return undefined;
  const word = wordIn(path);
  const behind = store.services().find((key) => {
    const [namespace = "", name = ""] = key.split("/");
    const service = api.get({ apiVersion: "v1", kind: "Service", namespace, name });
    return service && podsBehind(api, service).some(({ metadata }) => metadata.uid === pod.metadata.uid);
  });
  const found =
    behind === undefined || word === undefined
      ? []
      : store.in(behind).filter((one) => JSON.stringify(one).includes(word));
  return JSON.stringify(answerOf(path, found.slice(0, 1)));
};
