/** Beyond these nobody reads on. */
const MOST = 5;

/** Names for people: `a, b, c`; `a, b, c, d and 117 more`. */
export const few = (names: readonly string[], most = MOST): string =>
  names.length <= most
    ? names.join(", ")
    : `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
