import { prometheusAt, requestsArrived } from "../../checks/metrics/arrived.ts";
import { requestsMeasured } from "../../checks/metrics/requests.ts";
import { serviceAnswers } from "../../checks/proof.ts";
import type { Proof } from "../../checks/proven.ts";
import type { Check } from "../../core/check.ts";
import type { Installation } from "../installation.ts";

/** What is to be seen of metrics in the proof. What is sent away is seen where it arrives, if that can be asked. */
export const measuredChecks = ({ config, manifests }: Installation, proof: Proof): readonly Check[] => {
  const { metrics, metricsEndpoint = "" } = config;
  const version = manifests.versions.serving ?? "";
  const wake = serviceAnswers(proof).run;
  if (metrics === "prometheus") return [requestsMeasured(proof.service, version, wake)];
  const store = metrics === "otlp" ? prometheusAt(metricsEndpoint) : undefined;
  return store ? [requestsArrived(proof.service, version, store, wake)] : [];
};
