/** `circlet run` for a language model: continues a prompt in exact integers, without a proof. */
import { runDecoder } from "../../decoder.ts";
import { openDecoder, promptOf, statementJson, type TokenFlags } from "../decoders.ts";
import type { Io } from "../io.ts";
import type { JsonOption } from "../options.ts";
import { aligned, print, printable } from "../output.ts";

export async function runTokensCommand(source: string, options: JsonOption & TokenFlags, io: Io): Promise<void> {
  const decoder = await openDecoder(source);
  const { prompt, count } = await promptOf(decoder, options, io);
  const statement = statementJson(decoder, runDecoder(decoder, prompt, count));
  print(io, options, { model: decoder.name, ...statement }, () =>
    aligned([
      ["model", printable(decoder.name)],
      ["prompt", printable(statement.prompt.text, 2000)],
      ["output", printable(statement.generated.text, 10_000)],
    ]),
  );
}
