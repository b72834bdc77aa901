import type { Reader } from "../../../ports/reader.ts";
import { sh } from "../../../ports/shell.ts";
import { charted } from "./charted.ts";
import { operated } from "./operated.ts";
import type { Store } from "./store.ts";

/** Stores of others that take logs, each once. */
export const findStores = async (live: Reader): Promise<readonly Store[]> => {
  const all = [...(await operated(live)), ...(await charted(live))];
  return [...new Map(all.toReversed().map((store) => [store.url, store])).values()].toReversed();
};

/** How logs are sent there. */
export const sendingTo = ({ output, url, shown }: Store): string => {
  const command = sh`kn-bootstrap install --logging fluent-bit --logging-output ${output} --logging-url ${url}`;
  return shown.length === 0 ? command : `${command}, with ${shown.join(", ")}`;
};
