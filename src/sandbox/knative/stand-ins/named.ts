import { SERVING } from "../../stand-ins/pieces.ts";

export const named = (name: string): string => `${SERVING}/${name}`;

/** Of all processes of a release. */
export const METRICS = "http-metrics:9090>9090 http-profiling:8008>8008";

/** The minor of Serving that speaks to cert-manager itself; before, the component that does was installed apart. */
export const CERTIFICATES_SINCE = 15;
