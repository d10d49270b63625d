/** How a command fails: one sentence and an exit code, whatever was thrown. */
import { CommanderError } from "commander";
import { DeviceError, InternalError, ModelError, VerifyError } from "../errors.ts";

/** Exit codes. A rejected proof is the only reason for 1. */
export const EXIT = { done: 0, rejected: 1, wrong: 2, cancelled: 130 } as const;

/** A wrong argument, file or input. `code` is what --json reports. */
export class UsageError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "UsageError";
    this.code = code;
  }
}

/** Why the signal of a command is aborted. */
export class Cancelled extends Error {
  constructor() {
    super("Cancelled, nothing was written");
    this.name = "Cancelled";
  }
}

export interface Failure {
  readonly code: string;
  /** One line. */
  readonly message: string;
  readonly exit: number;
}

/** The failure that an error means to the user. */
export function failureOf(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error);
  const failure = (code: string, exit: number = EXIT.wrong): Failure => ({ code, message: oneLine(text), exit });
  if (error instanceof VerifyError) return failure(error.code, EXIT.rejected);
  if (error instanceof Cancelled) return failure("cancelled", EXIT.cancelled);
  if (error instanceof UsageError) return failure(error.code);
  if (error instanceof CommanderError) return { ...failure("usage"), message: oneLine(text.replace(/^error: /, "")) };
  if (error instanceof ModelError || error instanceof SyntaxError) return failure("model");
  if (error instanceof DeviceError) return failure("device");
  if (error instanceof InternalError) return failure("internal");
  return { code: "internal", message: `Bug: ${oneLine(text)}`, exit: EXIT.wrong };
}

/**
 * Runs `work`; errors that it throws because of what the user gave become a UsageError of this code, with the message that `say` makes of theirs. Others pass.
 */
export async function blaming<T>(code: string, say: (message: string) => string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const given = error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError || error instanceof ModelError;
    throw given ? new UsageError(code, say(error.message)) : error;
  }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
