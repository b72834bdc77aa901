/** Lists: paging, selectors, and the text of a list put together from the texts of its items. */

import type { Obj } from "../types.ts";
import { inVersion } from "./codec.ts";
import { parseJson, SyntaxFailure } from "./go-json.ts";
import { fieldsOf } from "./json.ts";
import type { Resource } from "./resource.ts";
import { apiVersionOf, storageKey } from "./resource.ts";
import { selection } from "./selectors.ts";
import { badRequest, refuse } from "./status.ts";
import type { Store } from "./store.ts";
import { textOf } from "./store.ts";
import { badVersion } from "./watch.ts";

export interface Page {
  readonly items: readonly Obj[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

interface Token {
  readonly rv: string;
  readonly start: string;
}

const idOf = (object: Obj): string => `${object.metadata.namespace ?? ""}/${object.metadata.name}`;

/** Throws StatusError. `namespace` undefined lists all namespaces. */
export function listPage(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: Readonly<Record<string, string>>,
): Page {
  checkVersion(store, query);
  const selected = selection(resource, query);
  const stored = store.list(storageKey(resource), namespace);
  let items = selected ? stored.filter(selected) : stored;
  let resourceVersion = String(store.version());
  if (query.continue) {
    const token = readToken(query.continue);
    items = items.filter((object) => idOf(object) > token.start);
    resourceVersion = token.rv;
  }
  const limit = Number(query.limit ?? 0);
  if (!(limit > 0) || items.length <= limit) return { items, metadata: { resourceVersion } };
  const page = items.slice(0, limit);
  const last = page.at(-1);
  const token: Token = { rv: resourceVersion, start: last ? idOf(last) : "" };
  return {
    items: page,
    metadata: {
      resourceVersion,
      continue: Buffer.from(JSON.stringify(token)).toString("base64url"),
      // The server does not count what a selector would leave.
      ...(selected ? {} : { remainingItemCount: items.length - limit }),
    },
  };
}

function checkVersion(store: Store, query: Readonly<Record<string, string>>): void {
  const asked = query.resourceVersion ?? "";
  if (asked === "") return;
  if (!/^\d+$/.test(asked)) throw badVersion(asked);
  const current = store.version();
  if (Number(asked) <= current) return;
  throw refuse(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

function readToken(text: string): Token {
  try {
    const token = fieldsOf(parseJson(Buffer.from(text, "base64url").toString("utf8")));
    return { rv: String(token.rv), start: String(token.start) };
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    throw badRequest(`invalid continue token: continue key is not valid: ${error.message}`);
  }
}

/** The list as JSON. Items of built-in kinds carry no kind, those of custom resources do. */
export function listText(resource: Resource, page: Page): string {
  const items = page.items.map((object) => itemText(resource, inVersion(resource, object))).join(",");
  const kind = `"kind":"${resource.listKind}","apiVersion":"${apiVersionOf(resource)}"`;
  const metadata = resource.custom ? { continue: "", ...page.metadata } : page.metadata;
  return `{${kind},"metadata":${JSON.stringify(metadata)},"items":[${items}]}`;
}

/** The list of nothing but metadata (k8s.io/apiserver, pkg/endpoints/handlers/response.go, asPartialObjectMetadataList). */
export function metadataListText({ items, metadata }: Page): string {
  const [apiVersion, kind] = ["meta.k8s.io/v1", "PartialObjectMetadataList"];
  const partial = items.map((object) => ({ kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata }));
  return JSON.stringify({ kind, apiVersion, metadata, items: partial });
}

function itemText(resource: Resource, object: Obj): string {
  const text = textOf(object);
  if (resource.custom) return text;
  const head = `{"kind":"${object.kind}","apiVersion":"${object.apiVersion}",`;
  if (text.startsWith(head)) return `{${text.slice(head.length)}`;
  const { kind: _, apiVersion: __, ...rest } = object;
  return JSON.stringify(rest);
}
