import type { AccountIdentity } from "../provider.ts";

/** An IAM role, which EKS gives to pods of a ServiceAccount that names it (IRSA). */
export const role = {
  title: "an IAM role",
  option: "--role-arn",
  annotations: (arn) => ({ "eks.amazonaws.com/role-arn": arn }),
} as const satisfies AccountIdentity;
