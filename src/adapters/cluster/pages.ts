import { ApiError, type ApiResource, type ListQuery } from "../../ports/cluster.ts";
import { at, type KubeObject } from "../../ports/object.ts";
import { isListOf } from "./answers.ts";
import { pathOf } from "./paths.ts";
import type { Send } from "./transport.ts";

const PAGE = "500";

/** The whole list, page by page, and the version that a watch goes on from. Items of a list have no kind of their own: it is added. */
export const listAll = async (
  send: Send,
  resource: ApiResource,
  query: ListQuery,
): Promise<{ items: readonly KubeObject[]; resourceVersion: string }> => {
  const path = pathOf(resource, query.namespace === undefined ? {} : { namespace: query.namespace });
  const selectors = { labelSelector: query.labelSelector, fieldSelector: query.fieldSelector };
  const items: KubeObject[] = [];
  let token: string | undefined;
  let limit: string | undefined = PAGE;
  for (;;) {
    let body: unknown;
    try {
      ({ body } = await send({
        method: "GET",
        path,
        query: { ...selectors, limit, continue: token },
        expect: isListOf(resource),
      }));
    } catch (error) {
      // The list took longer than the server keeps its past: once more from the start, in one piece.
      if (!(error instanceof ApiError && error.status === 410 && token !== undefined)) throw error;
      items.length = 0;
      token = undefined;
      limit = undefined;
      continue;
    }
    const page = at(body, "items");
    for (const item of Array.isArray(page) ? page : []) {
      items.push({ ...item, apiVersion: resource.apiVersion, kind: resource.kind });
    }
    token = (at(body, "metadata", "continue") as string | undefined) || undefined;
    if (token === undefined) return { items, resourceVersion: String(at(body, "metadata", "resourceVersion") ?? "") };
  }
};
