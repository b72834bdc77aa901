import { isThorough } from "../thorough.ts";
import { scanners } from "./scanners.ts";

/** Prints how long each scanner takes for each size: `node test/bounds/scanner-program.ts`. The test beside it reads that. */

const SIZES = (isThorough ? [64, 256, 1024] : [16, 64, 256]).map((size) => size * 1024);

const timed = async (work: () => unknown): Promise<number> => {
  const began = performance.now();
  try {
    await work();
  } catch {
    // To be refused quickly is what most of them hope for.
  }
  return performance.now() - began;
};

for (const { name, text, run } of scanners) {
  process.stdout.write(`${name.padEnd(44)}`);
  for (const size of SIZES) {
    const content = text(size);
    // The first time it is compiled as well.
    const times = [
      await timed(() => run(content)),
      size < 2 ** 20 ? await timed(() => run(content)) : Number.POSITIVE_INFINITY,
    ];
    process.stdout.write(
      Math.min(...times)
        .toFixed(1)
        .padStart(10),
    );
  }
  process.stdout.write("\n");
}
