import { asWords } from "../../config/shown.ts";
import { sh } from "../../ports/shell.ts";
import type { Part } from "../part.ts";

/** How what is measured is seen. */
export const next: NonNullable<Part["next"]> = async ({ config }) =>
  config.metrics === "none"
    ? []
    : [
        {
          text: "Import the dashboard of this Knative into Grafana (docs/guides/metrics.md):",
          command: sh`kn-bootstrap metrics dashboard ${asWords(config, "metrics").slice(2)} > knative.json`,
        },
      ];
