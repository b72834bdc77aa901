import type { Check } from "../../../core/check.ts";
import type { Intent } from "../../provider.ts";
import { ownerKnown } from "../preflight.ts";
import { oneCertificateForm } from "./certificate-forms.ts";
import { oneServiceProbed } from "./probed-service.ts";
import { servicesNamed, settingsReadable } from "./settings.ts";

export const preflight = ({ versions }: Intent): readonly Check[] => {
  const version = versions["net-istio"];
  return [
    ownerKnown(),
    settingsReadable(version),
    servicesNamed(version),
    oneServiceProbed(version),
    oneCertificateForm(version),
  ];
};
