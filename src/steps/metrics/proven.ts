import { requestsMeasured } from "../../checks/metrics/requests.ts";
import { serviceAnswers } from "../../checks/proof.ts";
import type { Proof } from "../../checks/proven.ts";
import type { Check } from "../../core/check.ts";
import type { Installation } from "../installation.ts";

/** What is to be seen of metrics in the proof. What is sent away is seen where it arrives. */
export const measuredChecks = ({ config, manifests }: Installation, proof: Proof): readonly Check[] =>
  config.metrics === "prometheus"
    ? [requestsMeasured(proof.service, manifests.versions.serving ?? "", serviceAnswers(proof).run)]
    : [];
