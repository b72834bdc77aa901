/** A container of a pod, as its log is asked for. */
export interface ContainerLog {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of the run before this one. */
  readonly previous?: boolean;
  /** Goes on with what is written from now on, until the container ends. */
  readonly follow?: boolean;
  /** RFC 3339. The node looks at whole seconds: lines of the same second come all. */
  readonly since?: string;
}

/** What containers have written. */
export interface PodLogs {
  /**
   * Line by line, each with its time in front, RFC 3339 with nanoseconds; of one that is longer than 256 KiB the beginning. What has no time is
   * not of the container: with it the node says why it cannot read. Ends with the signal, with the container, or when the connection
   * breaks. ApiError: 400 while the container has not started, 404 for a pod that is gone. Tried once.
   */
  readonly logLines: (log: ContainerLog, signal: AbortSignal) => AsyncIterable<string>;
}
