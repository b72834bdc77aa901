export { servedSecret, WILDCARD } from "../../certificates/served.ts";
