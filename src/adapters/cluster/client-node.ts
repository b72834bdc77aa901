/**
 * For logins that only client-node can do. Named here, so that the bundle leaves out the other five megabytes; loaded only through
 * `import()`, as no other part of the program needs it.
 */
export { KubeConfig } from "@kubernetes/client-node";
