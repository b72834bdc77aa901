/** A store of somebody else that takes logs. */
export interface Store {
  /** As its kind and name say it. */
  readonly title: string;
  readonly output: "elasticsearch" | "opensearch" | "loki";
  /** As pods reach it. */
  readonly url: string;
  /** What it wants to be shown: variables of the environment, each with the place of its value. */
  readonly shown: readonly string[];
}

/** `LOGGING_PASSWORD (key elastic of Secret elastic/logs-es-elastic-user)` */
export const keyOfSecret = (variable: string, namespace: string, secret: string, key: string): string =>
  `${variable} (key ${key} of Secret ${namespace}/${secret})`;
