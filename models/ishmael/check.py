"""Runs the model of this folder in doubles, from its files alone, and writes what an importer has to reproduce.

    python models/ishmael/check.py models/ishmael src/testing/fixtures/ishmael-greedy.json

Shares no code with train.py: the network is written again in numpy, each position with all those before it, from Hugging Face's definition of
LlamaForCausalLM. Also prints the smallest lead of a chosen token over the next best one (a greedy continuation whose lead is within an
implementation's error may differ) and how far the largest values at each site stand out (what an integer model has to make room for).
"""
import json, pathlib, sys
import numpy as np
from tokenizers import Tokenizer

PROMPT, COUNT, ROWS = "Call me", 64, 8
TEXTS = [
    "", "Call me", "Call me Ishmael.", " Ishmael", "The White Whale—Moby Dick!", "Queequeg's harpoon, it's said, wasn't sold; we'll see.",
    "In 1851 he paid $3,141.59 (7 % off).", "line one\nline two\n\n\tand a tab,   three spaces ", "Ça va, naïve Müller? Señor Ångström œuvre",
    "Ελλάς и Россия", "鯨 クジラ 고래", "🐋🚢 \U0001F469\u200D\U0001F692", "\u00a0no\u2009break\u3000spaces\u2028", "e\u0301 is not é", "\ufffd\u0000\u007f\U0010FFFD",
    "one<|endoftext|>two", "<|endoftext|>", "AHAB stood UPON his quarter-deck",
]


def tensors(path):
    """The BF16 tensors of a safetensors file, as doubles: u64 length of the header, the header in JSON, the data."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    found = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "BF16", name
        begin, end = entry["data_offsets"]
        words = np.frombuffer(data[start + begin : start + end], "<u2").astype(np.uint32) << 16
        found[name] = words.view(np.float32).astype(np.float64).reshape(entry["shape"])
    return found


def forward(config, weights, ids, sites=None):
    """Logits [position, vocabulary]. `sites`, if given, collects largest absolute value and root mean square by site."""
    length, heads, kv_heads, size = len(ids), config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]

    def seen(site, values):
        if sites is not None:
            sites[site] = np.abs(values).max(), np.sqrt(np.mean(values**2))
        return values

    def norm(x, name):
        return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + config["rms_norm_eps"]) * weights[name + ".weight"]

    def split(x, count):
        return x.reshape(length, count, size).swapaxes(0, 1)

    frequency = 1.0 / config["rope_theta"] ** (np.arange(0, size, 2) / size)
    angle = np.arange(length)[:, None] * np.concatenate((frequency, frequency))

    def rotated(x):
        turned = np.concatenate((-x[..., size // 2 :], x[..., : size // 2]), -1)
        return x * np.cos(angle) + turned * np.sin(angle)

    x = weights["model.embed_tokens.weight"][ids]
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        linear = lambda value, name: value @ weights[f"{at}{name}.weight"].T
        y = seen(f"{layer} attention input", norm(x, at + "input_layernorm"))
        q, k = (rotated(split(linear(y, f"self_attn.{p}_proj"), n)) for p, n in (("q", heads), ("k", kv_heads)))
        k, v = (np.repeat(t, heads // kv_heads, 0) for t in (k, split(linear(y, "self_attn.v_proj"), kv_heads)))
        scores = q @ k.swapaxes(1, 2) / np.sqrt(size) + np.triu(np.full((length, length), -np.inf), 1)
        attention = np.exp(scores - scores.max(-1, keepdims=True))
        attention /= attention.sum(-1, keepdims=True)
        mixed = (attention @ v).swapaxes(0, 1).reshape(length, heads * size)
        x = x + linear(seen(f"{layer} heads", mixed), "self_attn.o_proj")
        y = seen(f"{layer} feed-forward input", norm(x, at + "post_attention_layernorm"))
        gate = linear(y, "mlp.gate_proj")
        hidden = gate / (1 + np.exp(-gate)) * linear(y, "mlp.up_proj")
        x = seen(f"{layer} stream", x + linear(seen(f"{layer} hidden", hidden), "mlp.down_proj"))
    return norm(x, "model.norm") @ weights["model.embed_tokens.weight"].T


def main(folder, fixture):
    config = json.loads((folder / "config.json").read_text())
    weights = tensors(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    prompt = tokenizer.encode(PROMPT).ids
    ids, leads = list(prompt), []
    for _ in range(COUNT):
        last = forward(config, weights, ids)[-1]
        second, best = np.argsort(last)[-2:]
        leads.append(last[best] - last[second])
        ids.append(int(best))
    sites = {}
    logits = forward(config, weights, ids, sites)
    rows = logits[len(prompt) - 1 : len(prompt) - 1 + ROWS]
    text = tokenizer.decode(ids[len(prompt) :])
    encodings = [{"text": text, "ids": tokenizer.encode(text).ids} for text in TEXTS]
    for entry in encodings:
        if "<|" not in entry["text"]:
            assert tokenizer.decode(entry["ids"]) == entry["text"], entry
    value = {
        "provenance": "models/ishmael/check.py: numpy in doubles, and the Python package tokenizers",
        "prompt": PROMPT, "promptIds": prompt, "greedyIds": ids[len(prompt) :], "greedyText": text,
        "leads": [float(f"{lead:.6g}") for lead in leads],
        "logits": [[float(f"{value:.6g}") for value in row] for row in rows],
        "encodings": encodings,
    }
    fixture.write_text(json.dumps(value, ensure_ascii=True) + "\n")
    print(f"{sum(w.size for w in weights.values())} parameters\n{PROMPT}{text}\nsmallest lead {min(leads):.4f}, at token {int(np.argmin(leads))}")
    for site, (largest, typical) in sites.items():
        print(f"{site}: largest {largest:.2f}, {largest / typical:.1f} times the root mean square")


main(*map(pathlib.Path, sys.argv[1:]))
