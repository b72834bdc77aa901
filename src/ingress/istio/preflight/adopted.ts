import type { Check } from "../../../core/check.ts";
import type { Intent } from "../../provider.ts";
import { ownerKnown } from "../preflight.ts";
import { oneCertificateForm } from "./certificate-forms.ts";
import { servicesNamed, settingsReadable } from "./settings.ts";

/** Before Knative is led to a gateway of somebody else. */
export const adoptedPreflight = (gateway: string, { versions }: Intent): readonly Check[] => {
  const version = versions["net-istio"];
  return [ownerKnown(gateway), settingsReadable(version), servicesNamed(version), oneCertificateForm(version)];
};
