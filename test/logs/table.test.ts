import { expect, it } from "vitest";
import type { LoggedRequest } from "../../src/app/logs/request.ts";
import { requestTable } from "../../src/cli/logs/table.ts";
import { cells } from "../../src/cli/reporter/cells.ts";
import { spelled } from "../../src/ports/visible.ts";

const REQUEST: LoggedRequest = {
  time: "2026-11-30T08:00:00.123456789Z",
  namespace: "default",
  service: "hello",
  revision: "hello-00001",
  pod: "hello-00001-deployment-1",
  method: "GET",
  path: "/",
  status: 200,
  seconds: 0.0031,
};
const look = (columns: number, unicode = true) => ({ columns, color: false, unicode });

it.each([40, 60, 80, 99, 100, 140])("fits into a terminal of %i columns, whatever a path is made of", (columns) => {
  const table = requestTable(look(columns), true);
  const paths = [
    "/",
    `/${"長い道".repeat(40)}`,
    `/${"a".repeat(300)}`,
    "/\u001b[31m\u202e",
    "/?token=abcdefghijklmnop",
  ];
  const lines = [table.heading(), ...paths.map((path) => table.row({ ...REQUEST, path }))];
  for (const line of lines) {
    expect(line.endsWith("\n")).toBe(true);
    expect(spelled(line.trimEnd())).toBe(line.trimEnd());
    expect(cells(line.trimEnd())).toBeLessThanOrEqual(columns);
  }
  // The columns before the request stand below their headings.
  const at = (lines[0]?.search(/PATH|REQUEST/) ?? -1) + (columns < 60 ? "GET ".length : 0);
  for (const line of lines.slice(1)) expect(line[at]).toBe("/");
});

it("leaves nothing out in a pipe, and writes ASCII where nothing else is understood", () => {
  const table = requestTable(look(40, false), false);
  expect(table.row({ ...REQUEST, path: `/ü${"a".repeat(300)}`, seconds: 12.34 })).toBe(
    `2026-11-30T08:00:00.123Z  GET      200     12.3 s    default/hello-00001           /?${"a".repeat(300)}\n`,
  );
});
