import type { Part } from "../part.ts";
import { kourierController } from "./controller.ts";
import { createEnvoy } from "./gateway.ts";
import { standIn } from "./stand-in.ts";

/** Kourier: its controller, and the Envoy that it programs. */
export const kourier: Part = {
  name: "kourier",
  standIns: { "net-kourier/kourier.yaml": standIn },
  play: ({ stage, dataPlane }) => {
    const envoy = createEnvoy(stage, dataPlane);
    const { program, reconciler, election } = kourierController(stage, envoy);
    return {
      programs: [program, envoy.process],
      reconcilers: [reconciler],
      elections: [election],
      gateway: envoy.gateway,
      exports: envoy.exports,
    };
  },
};
