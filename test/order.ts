import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Whole installs, again and again, in short files. */
const LONG = /^(?:trust|recipes|engine|waits|package|rights|renew|bounds|secrets)\//;

/** Where nobody has measured them yet, files are taken by their length: the longest work would come last, and be waited for alone. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(relative(import.meta.dirname, moduleId));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
