/** Checks that `--skip-checks` leaves out of an install. All of them are in the registry (`test/checks`). */
export const SKIPPABLE = ["cluster.version", "cluster.capacity", "knative.owner", "istio.owner", "proof.zero"] as const;
