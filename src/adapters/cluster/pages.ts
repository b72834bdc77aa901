import { sizeOf } from "../../ports/bounded.ts";
import { ApiError, type ApiResource, BrokenAnswer, type ListQuery } from "../../ports/cluster.ts";
import { at, type KubeObject } from "../../ports/object.ts";
import { isListOf, isMetadataList } from "./answers.ts";
import { pathOf } from "./paths.ts";
import type { Answer, Send } from "./transport.ts";

const PAGE = "500";
/** A server that cannot leave the rest out sends whole objects. */
const METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/** Of one page: every object of it may be as large as etcd lets it be, few are. */
const MOST_OF_PAGE = 128 * 2 ** 20;
/** Of all of them: some hundred thousand pods. Beyond it a machine runs out of memory without a word. */
const MOST = 512 * 2 ** 20;
const MOST_PAGES = 10_000;

export interface ListLimits {
  /** Characters of all pages together. */
  readonly most?: number;
  readonly pages?: number;
}

/**
 * The whole list, page by page, and the version that a watch goes on from. Items of a list have no kind of their own: it is added. Throws
 * BrokenAnswer for a list that has no end.
 */
export const listAll = async (
  send: Send,
  resource: ApiResource,
  query: ListQuery,
  server: string,
  { most = MOST, pages = MOST_PAGES }: ListLimits = {},
): Promise<{ items: readonly KubeObject[]; resourceVersion: string }> => {
  const path = pathOf(resource, query.namespace === undefined ? {} : { namespace: query.namespace });
  const selectors = { labelSelector: query.labelSelector, fieldSelector: query.fieldSelector };
  const endless = (answer: string): BrokenAnswer => new BrokenAnswer(server, `GET ${path}`, answer);
  const [isWhole, isMetadata] = [isListOf(resource, query.namespace), isMetadataList(query.namespace)];
  const items: KubeObject[] = [];
  const tokens = new Set<string>();
  let size = 0;
  let token: string | undefined;
  let limit: string | undefined = PAGE;
  for (;;) {
    let page: Answer;
    try {
      page = await send({
        method: "GET",
        path,
        query: { ...selectors, limit, continue: token },
        most: limit === undefined ? most : Math.min(most, MOST_OF_PAGE),
        ...(query.metadataOnly ? { accept: METADATA } : {}),
        expect: (body) => isWhole(body) || (query.metadataOnly === true && isMetadata(body)),
      });
    } catch (error) {
      // The list took longer than the server keeps old versions. It is read again from the start in one piece, which cannot expire.
      if (!(error instanceof ApiError && error.status === 410 && token !== undefined && limit !== undefined))
        throw error;
      items.length = 0;
      tokens.clear();
      size = 0;
      token = undefined;
      limit = undefined;
      continue;
    }
    const { body } = page;
    const found = at(body, "items");
    for (const item of Array.isArray(found) ? found : []) {
      const { metadata } = item;
      items.push({
        ...(query.metadataOnly ? { metadata } : item),
        apiVersion: resource.apiVersion,
        kind: resource.kind,
      });
    }
    const [next, version] = [at(body, "metadata", "continue"), at(body, "metadata", "resourceVersion")];
    token = typeof next === "string" && next !== "" ? next : undefined;
    if (token === undefined) return { items, resourceVersion: typeof version === "string" ? version : "" };
    size += page.size;
    if (size > most) throw endless(`a list larger than ${sizeOf(most)}, which is not read to its end`);
    if (tokens.has(token)) throw endless("a list that goes round in a circle: the same page comes again");
    if (tokens.size === pages) throw endless(`a list of more than ${pages} pages, which is not read to its end`);
    tokens.add(token);
  }
};
