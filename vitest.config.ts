import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/order.ts";
import { slowness } from "./test/slowness.ts";
import { isThorough } from "./test/thorough.ts";

// Many tests wait for something: with one worker for each core a third of the time nobody would work. What takes all of a sample works more
// than it waits.
const maxWorkers = Math.ceil(availableParallelism() * (isThorough ? 1.5 : 2.5));
process.env.KN_TEST_WORKERS = String(maxWorkers);
const slow = slowness();

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    globalSetup: ["test/scratch.ts", "test/slowness.ts"],
    setupFiles: ["test/seed.ts", "test/compiled.ts"],
    env: { KN_TEST_SLOWNESS: String(slow) },
    // Nothing in src keeps state in a module (acme-client's defaults aside), so files may share a worker: loading is a third of the work.
    isolate: false,
    // Node reads the source itself, as it does for users: Vite's own modules cost a tenth of the work.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Most of what a test runs it runs a few times only: compiled at once, but not optimized, and collected seldom.
    execArgv: ["--always-sparkplug", "--max-semi-space-size=64"],
    maxWorkers,
    sequence: { sequencer: LongestFirst },
    testTimeout: 180_000 * slow,
    hookTimeout: 180_000 * slow,
    // How long something may take on a busy machine; what has to be quick says so itself.
    expect: { poll: { timeout: 10_000 * slow } },
    reporters: ["default"],
  },
});
