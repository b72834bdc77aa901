/** A node of the installation's graph. */
export interface Ordered {
  readonly id: string;
  readonly needs: readonly string[];
}

/**
 * The items in an order that respects `needs`: of those whose needs are met, the first of the given ones comes next. Throws a plain Error (a
 * bug of ours, found at start) for a duplicate id, an unknown id or a cycle.
 */
export const order = <T extends Ordered>(items: readonly T[]): readonly T[] => {
  assertGraph(items);
  const sorted = new Map<string, T>();
  while (sorted.size < items.length)
    for (const item of items)
      if (!sorted.has(item.id) && item.needs.every((id) => sorted.has(id))) {
        sorted.set(item.id, item);
        break;
      }
  return [...sorted.values()];
};

const assertGraph = (items: readonly Ordered[]): void => {
  const byId = new Map<string, Ordered>();
  for (const item of items) {
    if (byId.has(item.id)) throw new Error(`step ${item.id} exists twice`);
    byId.set(item.id, item);
  }
  const done = new Set<string>();
  const visit = (item: Ordered, path: readonly string[]): void => {
    if (done.has(item.id)) return;
    if (path.includes(item.id)) throw new Error(`steps need each other in a circle: ${[...path, item.id].join(" → ")}`);
    for (const id of item.needs) {
      const needed = byId.get(id);
      if (!needed) throw new Error(`step ${item.id} needs ${id}, which does not exist`);
      visit(needed, [...path, item.id]);
    }
    done.add(item.id);
  };
  for (const item of items) visit(item, []);
};

/** The same graph for the goal "absent": whoever needed a step must be gone before it. */
export const reverse = <T extends Ordered>(items: readonly T[]): readonly T[] =>
  [...order(items)].reverse().map((item) => ({
    ...item,
    needs: items.filter((other) => other.needs.includes(item.id)).map((other) => other.id),
  }));
