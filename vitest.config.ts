import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    globalSetup: ["test/scratch.ts"],
    setupFiles: ["test/seed.ts"],
    // Nothing in src keeps state in a module (acme-client's defaults aside), so files may share a worker: loading is a third of the work.
    isolate: false,
    // Many tests wait for something: with one worker for each core a quarter of the time nobody would work.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // How long something may take on a busy machine; what has to be quick says so itself.
    expect: { poll: { timeout: 10_000 } },
    reporters: ["default"],
  },
});
