import type { KubeWorld } from "../world.ts";
import { asking } from "./asking.ts";
import type { Case } from "./case.ts";
import { choosing } from "./choosing.ts";
import { merging } from "./merging.ts";
import { passing } from "./passing.ts";
import { trusting } from "./trusting.ts";
import { unused } from "./unused.ts";
import { writing } from "./writing.ts";

export type { Case } from "./case.ts";

export const casesIn = (world: KubeWorld): readonly Case[] =>
  [writing, unused, choosing, trusting, asking, merging, passing].flatMap((group) => group(world));
