/** A node of the installation's graph. */
export interface Ordered {
  readonly id: string;
  readonly needs: readonly string[];
}

/**
 * The items in an order that respects `needs`, stable in the given order. Throws a plain Error (a bug of ours, found at start)
 * for a duplicate id, an unknown id or a cycle.
 */
export const order = <T extends Ordered>(items: readonly T[]): readonly T[] => {
  const byId = new Map<string, T>();
  for (const item of items) {
    if (byId.has(item.id)) throw new Error(`step ${item.id} exists twice`);
    byId.set(item.id, item);
  }
  const done = new Set<string>();
  const sorted: T[] = [];
  const visit = (item: T, path: readonly string[]): void => {
    if (done.has(item.id)) return;
    if (path.includes(item.id)) throw new Error(`steps need each other in a circle: ${[...path, item.id].join(" → ")}`);
    for (const id of item.needs) {
      const needed = byId.get(id);
      if (!needed) throw new Error(`step ${item.id} needs ${id}, which does not exist`);
      visit(needed, [...path, item.id]);
    }
    done.add(item.id);
    sorted.push(item);
  };
  for (const item of items) visit(item, []);
  return sorted;
};

/** The same graph for the goal "absent": whoever needed a step must be gone before it. */
export const reverse = <T extends Ordered>(items: readonly T[]): readonly T[] =>
  [...order(items)].reverse().map((item) => ({
    ...item,
    needs: items.filter((other) => other.needs.includes(item.id)).map((other) => other.id),
  }));
