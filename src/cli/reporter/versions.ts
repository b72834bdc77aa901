import type { Installed } from "../../app/versions.ts";
import { entry, type Look } from "./look.ts";

/** What takes part in an installation, and in which version. */
export interface Versions {
  readonly program: string;
  readonly node: string;
  /** Minors of Knative that this program knows, oldest first. */
  readonly minors: readonly string[];
  readonly cluster?: {
    readonly context: string;
    readonly server: string;
    readonly kubernetes: string;
    /** Of Knative and its ingress; empty: they are not there. */
    readonly installed: Installed;
    /** The newest of `minors` that this server can run. */
    readonly newest?: string;
  };
  /** Why nothing is said of a cluster. */
  readonly unseen?: string;
}

export const versionsText = ({ program, node, minors, cluster, unseen }: Versions, look: Look): string => {
  const installed = Object.entries(cluster?.installed ?? {}).map(([name, version]) => `${name} ${version}`);
  const rows = [
    ["kn-bootstrap", `${program}, with Node ${node}`],
    ["Knows", `Knative ${minors[0]} to ${minors.at(-1)}`],
    ...(cluster
      ? [
          ["Cluster", `${cluster.context} (${cluster.server}), Kubernetes ${cluster.kubernetes}`],
          ["Installed", installed.length > 0 ? installed.join(", ") : "no Knative"],
          ...(cluster.newest ? [["Runs at most", `Knative ${cluster.newest}`]] : []),
        ]
      : [["Cluster", `none seen: ${unseen}`]]),
  ];
  return `${rows.flatMap(([name = "", value = ""]) => entry(look, 0, name.padEnd(14), value)).join("\n")}\n`;
};
