/** The largest release has about 30,000 nodes. */
const MAX_NODES = 1_000_000;
export const MAX_DEPTH = 100;

/** Whether a parsed JSON value nests deeper than `most` levels: whoever walks it by recursion would run out of stack. */
export const isDeep = (root: unknown, most: number): boolean => {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    const next: unknown[] = [];
    for (const value of level)
      if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) next.push(inner);
    level = next;
  }
  return false;
};

/** A document that grows too large when it is read, or is no JSON. The message continues a sentence that begins with "it". */
export class NoTree extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoTree";
  }
}

/**
 * A parsed YAML document as a tree of JSON values, in which every alias has become a copy. The parser shares what an alias points at, so
 * ten lines can stand for billions of nodes as soon as somebody walks them; and a cycle would never end. Throws {@link NoTree}.
 */
export const treeOf = (root: unknown, most = MAX_NODES): unknown => {
  let nodes = 0;
  const copy = (value: unknown, depth: number): unknown => {
    nodes += 1;
    if (nodes > most) throw new NoTree(`with its aliases expanded it has more than ${most} nodes`);
    if (depth > MAX_DEPTH) throw new NoTree(`with its aliases expanded it nests deeper than ${MAX_DEPTH} levels`);
    if (typeof value === "number" && !Number.isFinite(value)) throw new NoTree(`${value} has no form in JSON`);
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item, depth + 1)]));
  };
  return copy(root, 0);
};
