/** Whether a certificate for `names` is valid for `host`. */
export const covers = (names: readonly string[], host: string): boolean =>
  names.some(
    (name) =>
      name === host ||
      (name.startsWith("*.") && host.includes(".") && name.slice(2) === host.slice(host.indexOf(".") + 1)),
  );
