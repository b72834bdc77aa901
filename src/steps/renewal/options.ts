import type { OptionRow } from "../../config/option.ts";
import { imageName, objectName, roleName } from "../../config/syntax.ts";

// biome-ignore format: a table is read row by row
export const options = [
  { key: "installCronjob", kind: "boolean", only: "flag", group: "This command", commands: ["renew", "doctor"], runOnly: true, default: "false", help: "Let a CronJob do it from now on" },
  { key: "image", kind: "text", value: "REF", syntax: imageName, only: "flag", group: "This command", commands: ["renew", "doctor"], runOnly: true, unset: "needed with --install-cronjob", help: "Image of kn-bootstrap that the nodes can pull" },
  { key: "roleArn", kind: "text", value: "ARN", syntax: roleName, only: "flag", group: "This command", commands: ["renew"], runOnly: true, unset: "none", help: "IAM role of the CronJob's account (EKS), for Route 53" },
  { key: "credentialsSecret", kind: "text", value: "NAME", syntax: objectName, only: "flag", group: "This command", commands: ["renew"], runOnly: true, unset: "none", help: "Secret in namespace kn-bootstrap whose keys become the CronJob's environment" },
  { key: "rollAccountKey", kind: "boolean", only: "flag", group: "This command", commands: ["renew"], runOnly: true, default: "false", help: "Give the account at the CA a new key; the certificate stays" },
  { key: "removeCronjob", kind: "boolean", only: "flag", group: "This command", commands: ["renew", "doctor"], runOnly: true, default: "false", help: "Remove the CronJob, its account and its rights" },
  { key: "check", kind: "boolean", only: "flag", group: "This command", commands: ["renew"], runOnly: true, default: "false", help: "Find out whether a renewal would work; change nothing. Exit with 3 if not" },
] as const satisfies readonly OptionRow[];
