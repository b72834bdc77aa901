import { type Check, fail, ok, skipped } from "../../../core/check.ts";
import { describe, refOf } from "../../../ports/object.ts";
import { readerOf } from "../../../ports/reader.ts";
import { sh } from "../../../ports/shell.ts";
import { compareVersions } from "../../../ports/version.ts";
import { findIstio } from "../found.ts";
import { controller } from "../names.ts";
import { netIstioVersion } from "./versions.ts";

/** The Istio that began to refuse a server with `credentialName` and file names beside it (pkg/config/validation/validation.go). */
const ONE_FORM_ASKED = "1.27";

/** net-istio wrote both until its change 1459, which these releases have. */
const writesBoth = (version: string): boolean =>
  compareVersions(version, compareVersions(version, "1.19.0") < 0 ? "1.18.1" : "1.19.5") < 0;

/** Counts for Routes that have certificates of their own, for which net-istio makes Gateways. */
export const oneCertificateForm = (planned?: string): Check => ({
  id: "istio.certificate-forms",
  title: "net-istio writes Gateways that this Istio takes",
  run: async ({ cluster }) => {
    const [version, { istiods }] = await Promise.all([
      planned ?? netIstioVersion(cluster),
      findIstio(readerOf(cluster)),
    ]);
    if (version === undefined) return skipped("there is no net-istio here, or it does not say its version");
    if (!writesBoth(version)) return ok(`net-istio ${version} names a certificate in one form`);
    const strict = istiods.find((one) => one.version && compareVersions(one.version, ONE_FORM_ASKED) >= 0);
    if (!strict) return ok(`this Istio takes both forms that net-istio ${version} writes`);
    return fail(
      `${describe(strict.deployment)} is Istio ${strict.version}, which refuses the Gateways that net-istio ${version} writes for certificates of Routes`,
      {
        text: "They name each certificate in two forms. Take a net-istio that writes one, such as that of the next Knative:",
        command: sh`kn-bootstrap install --knative-version 1.20`,
      },
      {
        facts: { version },
        evidence: [
          {
            object: controller,
            field: ".metadata.labels",
            observed: version,
            expected: "1.18.1, 1.19.5, 1.20.0 or newer",
          },
          { object: refOf(strict.deployment), field: ".spec.template.spec.containers", observed: strict.version },
        ],
      },
    );
  },
});
