import type { KubeObject, ObjectRef } from "../../ports/object.ts";
import { compareVersions, minorOf } from "../../ports/version.ts";
import { hello } from "../proof/hello.ts";

/** Made for the canary where nobody names another. */
export const CANARY_NAMESPACE = "kn-bootstrap-probe";
const NAME = "probe";

/** Annotations of the canary: who has made it, and until when at most it is asked; ISO 8601. */
export const MAKER = "kn-bootstrap/holder";
export const UNTIL = "kn-bootstrap/until";

/** Since this minor a Service may say all that the restricted level of Pod Security asks for (serving pkg/apis/serving/fieldmask.go). */
const KNOWS_SECCOMP = "1.10";
/** Anybody but root. */
const USER = 65_532;

export interface CanaryWish {
  /** One that is there already. Absent: {@link CANARY_NAMESPACE}, which is made. */
  readonly namespace?: string;
  /** Answers like the hello of the proof. */
  readonly image: string;
  /** Of Knative Serving, as far as it is known. */
  readonly version: string;
  readonly maker: string;
  readonly until: Date;
}

export const canaryRef = ({ namespace = CANARY_NAMESPACE }: Pick<CanaryWish, "namespace">): ObjectRef => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  namespace,
  name: NAME,
});

export const canaryNamespace: KubeObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: CANARY_NAMESPACE, labels: { "app.kubernetes.io/name": "kn-bootstrap" } },
};

export const canaryService = (wish: CanaryWish): KubeObject => {
  const minor = minorOf(wish.version);
  const isRestricted = minor !== undefined && compareVersions(minor, KNOWS_SECCOMP) >= 0;
  const service = hello(wish.image, { at: canaryRef(wish), ...(isRestricted ? { security: RESTRICTED } : {}) });
  const annotations = { [MAKER]: wish.maker, [UNTIL]: wish.until.toISOString() };
  return { ...service, metadata: { ...service.metadata, annotations } };
};

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  runAsUser: USER,
  seccompProfile: { type: "RuntimeDefault" },
};
