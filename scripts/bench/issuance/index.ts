import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pebbleMissing } from "../../../test/real/pebble.ts";
import { type Client, clientsIn } from "./clients.ts";
import type { BenchAuthority, BenchInternet } from "./internet.ts";
import { type Issuance, issuanceTable, type Outcome } from "./report.ts";

/** Per cent. Half of them, as in our tests; and none, as there are clients that give up when a second one is rejected. */
const REJECTED = [50, 0];

const HOW = `A wildcard and its apex from a real Pebble: strict, without its pauses; values by DNS UPDATE, each client told to wait as
little as it lets itself be told; a new account each time, from the start of the process to its end.
`;

const inInternet = async <T>(use: (internet: BenchInternet) => Promise<T>): Promise<T> => {
  const child = fork(fileURLToPath(new URL("internet.ts", import.meta.url)), REJECTED.map(String));
  const gone = once(child, "exit");
  try {
    const early = gone.then(([code]): never => {
      throw new Error(`the CAs did not start: ended with ${code}`);
    });
    const [internet] = (await Promise.race([once(child, "message"), early])) as [BenchInternet];
    return await use(internet);
  } finally {
    if (child.connected) child.disconnect();
    await gone;
  }
};

const measured = async (
  client: Client,
  ca: BenchAuthority,
  internet: BenchInternet,
  runs: number,
): Promise<Outcome> => {
  const issued: Issuance[] = [];
  const failures: string[] = [];
  for (let run = 0; run < runs; run++)
    await client.issue(internet, ca).then(
      (issuance) => issued.push(issuance),
      (error: unknown) => failures.push(error instanceof Error ? error.message : String(error)),
    );
  return { client: client.title, rejectedNonces: ca.rejectedNonces, issued, failures };
};

/** The section of the report: how long a certificate takes, ours and others'. What is not on PATH is named. */
export const issuanceSection = async (folder: string, runs: number): Promise<string> => {
  const missing = pebbleMissing();
  if (missing) return `Issuance ${missing}\n`;
  const all = await clientsIn(folder);
  const clients = all.filter((client) => client.isHere());
  const absent = all.filter((client) => !clients.includes(client)).map(({ title }) => title);
  const outcomes = await inInternet(async (internet) => {
    const list: Outcome[] = [];
    for (const ca of internet.authorities)
      for (const client of clients) list.push(await measured(client, ca, internet, runs));
    return list;
  });
  const skipped = absent.length > 0 ? `skipped, as not on PATH: ${absent.join(", ")}\n` : "";
  return `Issuance\n${HOW}${issuanceTable(outcomes)}${skipped}`;
};
