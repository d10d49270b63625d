/** What a command works with instead of the process: its streams and the wish to stop. Tests give their own. */

export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Io {
  /** Results. */
  readonly stdout: Sink;
  /** Progress and messages; bars are drawn on a terminal only. */
  readonly stderr: Sink & NodeJS.WritableStream;
  /** All of standard input. */
  readonly stdin: () => Promise<Uint8Array>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Lets signals and timers run between two computations, then stops if the command was cancelled. @throws the signal's reason */
export async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}
