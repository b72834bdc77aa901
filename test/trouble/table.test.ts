import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isThorough, thoroughly } from "../thorough.ts";
import { COMMANDS, openScene, type Scene, saidIn, TROUBLES } from "./scene.ts";

/**
 * Every command beside every trouble of the world outside: its exit code and what it says. The whole table stands in route53.txt and rfc2136.txt beside
 * this file, and is compared row by row; `KN_TEST_THOROUGH=1` makes all of it (and writes it, with --update). `rehearse` and `render` ask nobody out there and have no row.
 */
describe.each(["route53", "rfc2136"] as const)(
  "what goes wrong outside has its words in every command, with %s",
  (provider) => {
    let scene: Scene;
    const table: string[] = [];
    const ofProvider = TROUBLES.filter(({ only = provider }) => only === provider);

    beforeAll(async () => {
      scene = await openScene(provider);
    });
    afterAll(() => scene.close());

    it.each(
      // Those that wait for their time to run out are the slow ones.
      thoroughly(
        ofProvider.filter(({ name }) => !/^(resolver|CA) silent/.test(name)).filter((_one, index) => index % 4 === 0),
        ofProvider,
      ),
    )("$name", async (trouble) => {
      const { env = {}, end } = await trouble.begin(scene);
      const rows: string[] = [];
      try {
        for (const { name, run } of COMMANDS) rows.push(`${name.padEnd(18)} ${saidIn(await run(scene, env))}`);
      } finally {
        end?.();
      }
      table.push(`${trouble.name}\n${rows.map((row) => `  ${row}\n`).join("")}`);
      for (const row of rows) {
        expect(row).not.toMatch(/This is a bug|\n/);
        // Who was asked.
        if (/ [123] Error/.test(row)) expect(row).toMatch(/127\.0\.0\.1|Route 53|AWS/);
        if (/^uninstall +[123]/.test(row)) expect(row).toContain("uninstall --keep-records");
      }
    });

    it("is the table that is kept", async () => {
      const file = join(import.meta.dirname, `${provider}.txt`);
      if (isThorough) await expect(table.join("\n")).toMatchFileSnapshot(file);
      else for (const rows of table) expect(await readFile(file, "utf8")).toContain(rows);
    });
  },
);
