/**
 * Replays a finished proof on the host: the verifier's sponge absorbs the proof's words and draws every challenge and position again, and every message has to
 * lead to the next. A device that drew, hashed or computed anything else than the host would is found before the proof leaves the prover.
 */
import { DeviceError, type VerifyCode, VerifyError } from "../errors.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { verifyPart } from "../verifier/verify.ts";
import type { Phase } from "./prove.ts";

/** The phase whose messages a kind of rejection is about; others are about the proof's form, which the host writes. */
const PHASE_OF: Readonly<Record<string, Phase>> = { lookup: "look up", constraint: "constrain", opening: "open" };

/** @throws DeviceError that names the phase in which a fault of the device shows */
export function checkProof(key: VerifyingKey, proof: Uint8Array, backend: string): void {
  try {
    verifyPart(key, proof, { minBits: 0 });
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    throw new DeviceError(
      `The proof that was computed on ${backend} is wrong${inPhase(error.code)}: ${error.message}. Prove again, or on the CPU backend`,
      { cause: error },
    );
  }
}

function inPhase(code: VerifyCode): string {
  const phase = PHASE_OF[code.replace(/\/.*/, "")];
  return phase === undefined ? "" : ` from the phase "${phase}" on`;
}
