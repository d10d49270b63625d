#!/usr/bin/env bash
# Benches on a bare x86-64 server with a GPU and without network or Node.
#
#   src/bench/gpu.sh        in a checkout with node_modules: packs Deno, Dawn, the Vulkan loader and the bundled bench into .gpu/ (kept out of git)
#   src/bench/gpu.sh run    in the same folder on the server: all parts with Dawn, then products, kernels, rounds and proofs with Deno's own WebGPU;
#                           writes <adapter>-<date>.json and <adapter>-deno-<date>.json into $OUT, by default docs/bench
#
# Settings of `run`: DAWN_PARTS, DENO_PARTS (comma separated; empty: none), BUDGET (seconds a part), DAWN_SECONDS and DENO_SECONDS (in all), BENCH_OPTIONS (more
# options of the bench, such as --small), CIRCLET_COMMIT (written by packing).
set -euo pipefail
cd "$(dirname "$0")/../.."

pack() {
  local modules=node_modules
  local deno=$modules/@deno/linux-x64-glibc/deno
  mkdir -p .gpu && rm -rf .gpu/run
  [ .gpu/deno.xz -nt "$deno" ] || xz -T0 -6 -c "$deno" >.gpu/deno.xz # takes a minute
  tar -C "$modules/webgpu" -cf - package.json index.js dist/linux-x64 | xz -T0 -6 -c >.gpu/webgpu.tar.xz
  (cd .gpu && rm -f libvulkan1_*.deb && apt-get download libvulkan1 >/dev/null 2>&1)
  # one file beside models/: the loader of bundled models looks in ../models
  npx rolldown src/bench/gpu/main.ts --platform node --format esm --file .gpu/bench.mjs --log-level silent
  git describe --always --dirty '--exclude=*' >.gpu/commit
  cat >.gpu/enter.sh <<'INNER'
# Sourced in the folder that holds .gpu/: unpacks Deno and Dawn into .gpu/run, puts the Vulkan loader in place, looks for a driver.
here=$PWD/.gpu/run
mkdir -p "$here/bin" "$here/webgpu" "$here/vulkan"
[ -x "$here/bin/deno" ] || { xz -dc .gpu/deno.xz >"$here/bin/deno.new" && chmod +x "$here/bin/deno.new" && mv "$here/bin/deno.new" "$here/bin/deno"; }
[ -f "$here/webgpu/index.js" ] || tar -xJf .gpu/webgpu.tar.xz -C "$here/webgpu"
if ! PATH=$PATH:/usr/sbin:/sbin ldconfig -p | grep -q 'libvulkan\.so\.1'; then
  for package in .gpu/libvulkan1_*.deb; do dpkg -x "$package" "$here/vulkan"; done
  export LD_LIBRARY_PATH=$here/vulkan/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
if [ -z "${VK_DRIVER_FILES:-}" ]; then
  for file in /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json /usr/share/vulkan/icd.d/nvidia_icd.json /etc/vulkan/icd.d/nvidia_icd.json; do
    if [ -f "$file" ]; then export VK_DRIVER_FILES=$file; break; fi
  done
  # libGLX_nvidia needs X11's libraries, libEGL_nvidia has the same driver without them
  if [ -n "${VK_DRIVER_FILES:-}" ] && grep -q libGLX_nvidia "$VK_DRIVER_FILES"; then
    sed 's/libGLX_nvidia/libEGL_nvidia/' "$VK_DRIVER_FILES" >"$here/nvidia_icd.json" && export VK_DRIVER_FILES=$here/nvidia_icd.json
  fi
fi
export PATH=$here/bin:$PATH XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-$here} DENO_DIR=$here/cache DENO_NO_UPDATE_CHECK=1
export DENO_WEBGPU_BACKEND=vulkan WEBGPU_MODULE=$here/webgpu/index.js CIRCLET_COMMIT=${CIRCLET_COMMIT:-$(cat .gpu/commit)}
INNER
  du -sh .gpu
}

# Moves a report to <adapter><suffix>-<date>.json.
keep() {
  [ -f "$1" ] || { echo "no report: $1" >&2; return 0; }
  local adapter date
  adapter=$(sed -n 's/^ "adapter": "\(.*\)",$/\1/p' "$1" | tr 'A-Z' 'a-z' | sed 's/[(:].*//; s/[^a-z0-9]\+/-/g; s/^-//; s/-$//')
  date=$(date +%F)
  mv "$1" "$out/$adapter$2-$date.json"
  echo "$out/$adapter$2-$date.json"
}

run() {
  out=${OUT:-docs/bench}
  mkdir -p "$out"
  . .gpu/enter.sh
  local bench="deno run -A --no-config --no-lock .gpu/bench.mjs" dawn=${DAWN_PARTS-probe,products,restriction,kernels,rounds,commitment,witness,proofs,large,decoders,profile,conformance,solo,compile,settings,paging}
  local deno=${DENO_PARTS-probe,products,restriction,kernels,rounds,proofs} budget=${BUDGET:-45}
  if [ -n "$dawn" ]; then
    timeout -k 5 "${DAWN_SECONDS:-330}" $bench --provider dawn --parts "$dawn" --budget "$budget" --out "$out/dawn.json" ${BENCH_OPTIONS:-} || echo "dawn: exit $?"
    keep "$out/dawn.json" ""
  fi
  if [ -n "$deno" ]; then
    timeout -k 5 "${DENO_SECONDS:-150}" $bench --provider deno --parts "$deno" --budget "$budget" --out "$out/deno.json" ${BENCH_OPTIONS:-} || echo "deno: exit $?"
    keep "$out/deno.json" "-deno"
  fi
}

case "${1:-pack}" in
  pack) pack ;;
  run) run ;;
  *) echo "usage: $0 [pack|run]" >&2; exit 2 ;;
esac
