import { sh } from "../../ports/shell.ts";
import type { Part } from "../part.ts";

/** Where the logs are seen. */
export const next: NonNullable<Part["next"]> = async ({ config: { logging } }, { opensAt }) => {
  if (logging === "none") return [];
  // In a rehearsal there is no Kibana behind its Service.
  if (logging === "elasticsearch" && !opensAt)
    return [
      { text: 'Look at requests in Kibana, under Discover, "Knative requests":', command: sh`kn-bootstrap logs open` },
    ];
  return [{ text: "Look at requests as they come:", command: sh`kn-bootstrap logs requests --follow` }];
};
