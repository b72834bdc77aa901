import type { Config } from "./config.ts";

/** What one option says against another. */
export interface Rule {
  readonly id: `config.${string}`;
  /** Undefined: it holds. */
  readonly broken: (config: Config) => Quarrel | undefined;
}

export interface Quarrel {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  /** The options that do not fit together: with another value of any of them it might be otherwise. */
  readonly between: readonly (keyof Config)[];
}
