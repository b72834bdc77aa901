import { Listr, type ListrRenderer, type ListrTask } from "listr2";
import type { Remedy } from "../../ports/error.ts";

/** Why something does not go on, and since when by the reporter's clock, in seconds. */
export interface Wait {
  readonly reason: string;
  readonly remedy?: Remedy | undefined;
  readonly since: number;
}

/** What is shown of a step and listr2 does not keep of a task. */
export interface Facts {
  /** The engine has said that it started, and not that it is over. */
  isRunning: boolean;
  /** listr2 tells how long a task took, not when it started. */
  since: number;
  /** Steps are shown in the order in which they have started. */
  place: number;
  changes: number;
  done: number;
  /** listr2 keeps its reason as the task's output. */
  wait: Wait | undefined;
}

/** A task as listr2 hands it to a renderer: as much of it as is shown. */
export interface StepTask {
  readonly title?: string | undefined;
  readonly output?: string | null | undefined;
  readonly rendererTaskOptions: Facts;
  readonly isStarted: () => boolean;
  readonly hasFinalized: () => boolean;
}

/** The listener that is called once, when the list begins. */
export type Show = (tasks: readonly StepTask[]) => void;

/**
 * The renderer that listr2 is given: it puts the tasks on the board, which is drawn with everything else that goes on. Where it ends,
 * nothing is left to do: what is over has become a line already.
 */
class BoardRenderer implements ListrRenderer {
  /** output.ts has decided already whether lines may change in place. */
  static readonly nonTTY = true;
  static readonly rendererOptions: { readonly show: Show };
  static readonly rendererTaskOptions: Facts;
  readonly render: () => void;
  readonly end = (): void => {};

  constructor(tasks: ConstructorParameters<typeof ListrRenderer>[0], { show }: { readonly show: Show }) {
    // At run time each task carries the options that it was made with; listr2's type for renderers does not say so.
    this.render = () => show(tasks as unknown as readonly StepTask[]);
  }
}

export type StepListrTask = ListrTask<undefined, typeof BoardRenderer>;

/**
 * Resolves when every task is over, however it ended. All begin at once: which step waits for which is the engine's business. Signals are
 * the program's: listr2 would end the process with 127 at Ctrl-C, before leases and temporary objects are gone.
 */
export const runTasks = async (tasks: StepListrTask[], show: Show): Promise<void> => {
  await new Listr<undefined, typeof BoardRenderer, typeof BoardRenderer>(tasks, {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false,
    renderer: BoardRenderer,
    rendererOptions: { show },
  }).run();
};
