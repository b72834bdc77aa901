/** What is used of the SDK. Bundled, the package would be CommonJS behind `default` alone; an export by name is resolved when it is bundled. */
export { Route53 } from "@aws-sdk/client-route-53";
