/**
 * The one thing we take from client-node. Named here, so that the bundle leaves out the other five megabytes; loaded only through
 * `import()`, as no other part of the program needs it.
 */
export { KubeConfig } from "@kubernetes/client-node";
