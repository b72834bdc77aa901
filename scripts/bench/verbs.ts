/** What a request to the API is for, in the order of the bench's columns. */
export const VERBS = [
  "list",
  "watch",
  "get",
  "create",
  "update",
  "patch",
  "delete",
  "dry run",
  "review",
  "discovery",
] as const;
export type Verb = (typeof VERBS)[number];

const WRITES = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" } as const;

export interface Request {
  readonly verb: Verb;
  /** The object that it changes, as a path; the lock is none of what was to be written. */
  readonly writes?: string;
}

/** @param target path and query: `/api/v1/pods?watch=1` */
export const requestOf = (method: string, target: string): Request => {
  const { pathname, searchParams } = new URL(target, "https://api");
  const [root, ...parts] = pathname.split("/").filter((part) => part !== "");
  // Behind group and version; a namespace's own path is like any object's.
  const rest = parts.slice(root === "api" ? 1 : 2);
  const place = rest[0] === "namespaces" && rest.length > 2 ? rest.slice(2) : rest;
  if (pathname.startsWith("/apis/authorization.k8s.io/") && method === "POST") return { verb: "review" };
  if (searchParams.has("dryRun")) return { verb: "dry run" };
  if (method in WRITES) {
    const writes = place[0] === "leases" ? {} : { writes: pathname };
    return { verb: WRITES[method as keyof typeof WRITES], ...writes };
  }
  if (place.length === 0) return { verb: "discovery" };
  if (place.length > 1) return { verb: "get" };
  return { verb: /^(1|true)$/.test(searchParams.get("watch") ?? "") ? "watch" : "list" };
};

/** What is counted of all requests of a run. */
export interface Counted {
  readonly byVerb: Readonly<Partial<Record<Verb, number>>>;
  /** Objects that were written or deleted, each once. */
  readonly written: number;
}

export const count = (requests: readonly Request[]): Counted => ({
  byVerb: Object.fromEntries([...Map.groupBy(requests, ({ verb }) => verb)].map(([verb, same]) => [verb, same.length])),
  written: new Set(requests.flatMap(({ writes }) => writes ?? [])).size,
});

export const totalOf = ({ byVerb }: Counted): number => Object.values(byVerb).reduce((sum, number) => sum + number, 0);
