import type { Event } from "../core/event.ts";
import type { Catalog, Release } from "./catalog.ts";
import type { DownloadOptions } from "./download.ts";
import type { Fetch } from "./http.ts";

/** Where files come from: a directory, or the cache and the network. */
export interface SourceOptions {
  readonly catalog: Catalog;
  readonly release: Release;
  /** Directory with `<component>/<version>/<asset>`; then neither cache nor network is asked for files. */
  readonly manifests?: string;
  /** Base URL in place of `https://github.com`. */
  readonly mirror?: string;
  /** See `defaultCacheDir`. */
  readonly cacheDir: string;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: Extract<Event, { type: "download" }>) => void;
  /** Patience of downloads; for the rehearsal, which has another way out, and for tests. */
  readonly retry?: Pick<DownloadOptions, "attempts" | "delay" | "stall" | "random">;
}

/** `place`: the path or URL that the bytes came from. `digest`: their sha256, where they were verified by it. */
export type Source = (
  component: string,
  asset: string,
) => Promise<{ bytes: Uint8Array; place: string; digest?: string }>;
