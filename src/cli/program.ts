/** The commands, their options and help texts. Each command's module is loaded when it is called. */
import { Argument, Command, CommanderError } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { EXIT, failureOf, UsageError } from "./failure.ts";
import type { Io } from "./io.ts";
import { addBackend, addSecurity, addSegments, integer, integerRange, number, segmentOf } from "./options.ts";
import { printable } from "./output.ts";

const MODEL = "bundled model (see circlet models), folder with model.onnx and model.json, or .onnx file beside its model.json";
const LANGUAGE = "or a language model: a bundled one, a .gguf file, a Hugging Face folder, a hub id";
const INPUT = "text for a text or language model, else a .json or .npy file or mnist:<n>; - reads standard input";
const RECIPE = "a language model's scales (circlet quantize writes them; default: those beside the model, else found on sample texts)";
const SAMPLES = "JSON file with a list of { input, label }, or mnist:<n> for n MNIST images; a text file for a language model";

/**
 * Runs the command line.
 * @param argv the words after the program's name
 * @returns the exit code: 0 done or accepted, 1 proof rejected, 2 wrong usage or input, 130 cancelled
 */
export async function cli(argv: readonly string[], io: Io): Promise<number> {
  const end = argv.indexOf("--");
  const json = argv.slice(0, end < 0 ? argv.length : end).includes("--json");
  let code: number = EXIT.done;
  try {
    await program(io, (result) => {
      code = result;
    }).parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    if (error instanceof CommanderError && error.code === "commander.help") return EXIT.wrong;
    const failure = failureOf(io.signal.aborted ? io.signal.reason : explained(error));
    if (json) io.stdout.write(`${JSON.stringify({ error: { code: failure.code, message: failure.message } }, null, 2)}\n`);
    io.stderr.write(`circlet: ${printable(failure.message, 1000)}\n`);
    if (process.env.CIRCLET_DEBUG && error instanceof Error) io.stderr.write(`${error.stack}\n`);
    return failure.exit;
  }
}

/** Words of a text that the shell took apart are the likeliest surplus. */
function explained(error: unknown): unknown {
  if (!(error instanceof CommanderError) || error.code !== "commander.excessArguments") return error;
  const isOfText = /'(prove|run)'/.test(error.message);
  const hint = isOfText ? " A text goes in quotation marks, and after a model as --input." : "";
  return new UsageError("usage", `${error.message.replace(/^error: /, "")}${hint}`);
}

function program(io: Io, exit: (code: number) => void): Command {
  const root = new Command("circlet")
    .description("Proves that a neural network produced an output, and verifies such proofs.")
    .version(manifest.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text), outputError: () => undefined })
    .addHelpText(
      "after",
      `
Examples:
  circlet prove "un texte en français"             proves the language of a text
  circlet verify lande.proof --key lande.vk        verifies it, anywhere
  circlet prove mnist-small --input mnist:7        proves what digit test image 7 shows
  circlet prove --model ishmael "Call me"          proves how a language model goes on

Results go to standard output, progress and messages to standard error.
Exit codes: 0 done or accepted, 1 proof rejected, 2 wrong usage or input, 130 cancelled.
CIRCLET_DEBUG=1 adds the stack trace to an error.`,
    );
  const add = (usage: string, description: string, examples: readonly string[]): Command =>
    root
      .command(usage)
      .description(description)
      .option("--json", "print one JSON object")
      .addHelpText("after", `\nExamples:\n${examples.map((line) => `  circlet ${line}`).join("\n")}`);

  add("models", "Lists the bundled models.", ["models", "models --json"]).action(async (options) =>
    (await import("./commands/models.ts")).modelsCommand(options, io),
  );

  addSegments(
    addSecurity(
      addBackend(
        add("commit", "Commits to a model's weights: writes its verifying key, prints its model id.", [
          "commit lande",
          "commit ./mynet -o mynet.vk --bits 110",
          "commit stories.gguf --positions 64",
          "commit stories.gguf --positions 64 --segments 4",
        ]),
      ),
    ),
    "commits a language model for proofs in n segments of its layers",
  )
    .argument("<model>", `${MODEL}, ${LANGUAGE}`)
    .option("--positions <n>", "positions of a language model's key: one less than the most tokens", integer(1, 1023))
    .option("--recipe <file>", RECIPE)
    .option("-o, --output <file>", "the verifying key's file (default: <name>.vk)")
    .action(async (model, options) => (await import("./commands/commit.ts")).commitCommand(model, options, io));

  addBackend(
    add("run", "Runs a model in exact integers, without a proof.", [
      'run lande --input "Quanto costa il biglietto?"',
      "run mnist-small --input digit.npy",
      "run mnist-small --input mnist:7 --json",
      'run ishmael --input "The sea was" --tokens 40',
      'run ishmael --input "The sea was" --backend webgpu',
    ]),
  )
    .argument("<model>", `${MODEL}, ${LANGUAGE}`)
    .requiredOption("--input <input>", INPUT)
    .option("--recipe <file>", RECIPE)
    .option("--tokens <n>", "how many tokens a language model is to write (default: 32)", integer(1, 1023))
    .action(async (model, options) => (await import("./commands/run.ts")).runCommand(model, options, io));

  addSegments(
    addSecurity(
      addBackend(
        add("prove", "Runs a model, proves its output, verifies the proof; writes proof and verifying key.", [
          'prove "un texte en français"',
          'prove lande --input "Quanto costa il biglietto?" -o ticket.proof',
          "prove mnist-small --input mnist:7",
          'prove --model ishmael "Call me"',
          "prove lande --input - < letter.txt",
          'prove stories.gguf --input "Once upon a time" --tokens 59',
          'prove stories.gguf --input "Once upon a time" --tokens 59 --segments 4',
        ]),
      ),
    ),
    "proves a language model in n segments of its layers, one after the other, with the memory of one",
  )
    .option("--segment <k/n>", "proves the k-th of n segments alone, to be joined with the others", segmentOf)
    .argument("[model-or-text]", `${MODEL}, ${LANGUAGE}; anything else is a text for lande, or for --model`)
    .option("--model <model>", "the model, if the argument is a text")
    .option("--recipe <file>", RECIPE)
    .option("--input <input>", INPUT)
    .option("-o, --output <file>", "the proof's file (default: <name>.proof)")
    .option("--key <file>", "the verifying key's file (default: beside the proof, ending in .vk)")
    .option("--tokens <n>", "how many tokens a language model is to write (default: 32)", integer(1, 1023))
    .option(
      "--positions <n>",
      "positions of a language model's key: one less than the most tokens (default: a power of two from 16, or the model's most)",
      integer(1, 1023),
    )
    .action(async (argument, options) => (await import("./commands/prove.ts")).proveCommand(argument, options, io));

  addSegments(
    addSecurity(
      addBackend(
        add("verify", "Verifies a proof. Exit code 0: accepted, 1: rejected, 2: could not be examined.", [
          "verify lande.proof --key lande.vk",
          "verify lande.proof --key lande                    recomputes the key from the model",
          'verify lande.proof --key lande.vk --input "..."   also compares the input',
          'verify ishmael.proof --key ishmael --positions 64 --input "Call me"',
        ]),
      ),
    ),
    "segments of the proof's key, if --key is a language model",
  )
    .argument("<proof>", "the proof's file")
    .requiredOption(
      "--key <key>",
      "verifying key's file, or a model, whose key is then recomputed (with --bits and --regime as it was made)",
    )
    .option("--input <input>", "rejects the proof if it is for another input")
    .option("--positions <n>", "positions of the proof's key, if --key is a language model", integer(1, 1023))
    .option("--recipe <file>", RECIPE)
    .option("--min-bits <n>", "rejects the proof if it has fewer proven bits (default: 100)", number(0, 124))
    .action(async (proof, options) => exit(await (await import("./commands/verify.ts")).verifyCommand(proof, options, io)));

  add("join", "Joins the proofs of all segments, made by prove --segment, to one and verifies it.", [
    "join stories-1.proof stories-2.proof --key stories.vk",
  ])
    .argument("<proofs...>", "the segments' proofs, in any order")
    .requiredOption("--key <file>", "the verifying key of all segments")
    .option("-o, --output <file>", "the whole proof's file (default: beside the key, ending in .proof)")
    .action(async (proofs, options) => (await import("./commands/join.ts")).joinCommand(proofs, options, io));

  add("inspect", "Shows what a proof or a verifying key consists of: sizes, parameters, proven bits by error source.", [
    "inspect lande.vk",
    "inspect lande.proof --key lande.vk",
  ])
    .argument("<file>", "proof or verifying key")
    .option("--key <file>", "the proof's verifying key (default: the file beside it that ends in .vk)")
    .action(async (file, options) => (await import("./commands/inspect.ts")).inspectCommand(file, options, io));

  add("quantize", "Turns a float model into integers and shows them and their accuracy; with -o writes a folder that all commands take.", [
    "quantize lande",
    "quantize net.onnx --exponent 8 --range -256,255 --labels labels.txt -o mynet",
    "quantize net.onnx --exponent 0 --range 0,255 --samples mnist:100 -o digits",
    "quantize stories.gguf -o stories.circlet.json    chooses a language model's scales on texts",
    "quantize ./folder -o ./folder --samples texts.txt",
  ])
    .argument("<model>", `${MODEL}, ${LANGUAGE}`)
    .option(
      "-o, --output <folder>",
      "writes model.onnx, model.json, the integer program and the accuracy report there; of a language model, its recipe, as this file or into this folder",
    )
    .option("--exponent <e>", "input cells v stand for v / 2^e (for an ONNX file without model.json)", integer(-30, 30))
    .option("--range <low,high>", "smallest and largest input cell", integerRange)
    .option("--divisor <n>", "the network sees its input divided by n", integer(1, 2 ** 30))
    .option("--labels <file>", "the classes' labels, one a line (default: 0, 1, ...)")
    .option("--name <name>", "the model's name, which is part of its id (default: the file's)")
    .option("--table-bits <n>", "bits of looked-up activations", integer(2, 20))
    .option("--activation-bits <n>", "bits of other activations", integer(2, 24))
    .option("--logit-bits <n>", "bits of the logits", integer(2, 26))
    .option("--weight-bits <n>", "most bits of a weight", integer(4, 24))
    .option("--samples <samples>", `calibrates on these, and measures: ${SAMPLES}`)
    .option("--calibrate", "chooses scales by samples (those of the model's kind unless --samples names others)")
    .option("--no-calibrate", "keeps the scales that bounds or model.json give: --samples are for the accuracy report alone")
    .option("--no-search", "keeps the usual bits of a language model, without measuring others")
    .option("--percentile <p>", "share of a value's sample cells that must fit its bits, 50 to 100 (default: 100)", number(50, 100))
    .option("--limit <n>", "at most so many samples in the accuracy report, evenly spread (default: 500)", integer(1, 1e6))
    .action(async (model, options) => (await import("./commands/quantize.ts")).quantizeCommand(model, options, io));

  add("accuracy", "Compares the integer network with its float original on samples.", [
    "accuracy mnist-small --limit 1000",
    "accuracy ./mynet --samples samples.json --html accuracy.html",
    "accuracy stories.gguf",
  ])
    .argument("<model>", `${MODEL}, ${LANGUAGE}`)
    .option("--limit <n>", "at most so many samples, evenly spread", integer(1, 1e6), 500)
    .option("--samples <samples>", `${SAMPLES} (default: sentences for a text model, MNIST for images of 784 pixels)`)
    .option("--html <file>", "also writes the report as a page with plots")
    .option("--recipe <file>", RECIPE)
    .action(async (model, options) => (await import("./commands/accuracy.ts")).accuracyCommand(model, options, io));

  addBackend(
    add("bench", "Measures this machine: a model's proof, the backend's kernels, or networks of 2, 8 and 32 layers.", [
      "bench",
      "bench prove --model mnist-small --input mnist:0",
      "bench kernels --threads 1",
    ]),
  )
    .addArgument(new Argument("[what]", "what is measured").choices(["prove", "kernels", "layers"]).default("prove"))
    .option("--model <model>", "the model to prove", "lande")
    .option("--input <input>", INPUT, "un texte en français")
    .option("--repeat <n>", "runs that count", integer(1, 1000), 5)
    .action(async (what, options) => (await import("./commands/bench.ts")).benchCommand(what, options, io));

  return root;
}
