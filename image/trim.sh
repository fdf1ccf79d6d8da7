#!/bin/sh
# Takes out of an environment what serving a bundle never loads: 64 of 161 MB, and the only code in
# it that could call a hub. Usage: trim.sh PIP ENVIRONMENT
set -eu
pip=$1
environment=$2
python=$environment/bin/python
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# tokenizers asks for the hub's client, to fetch tokenizers by name; these came with it.
"$pip" --python "$python" uninstall --yes --quiet \
    huggingface-hub hf-xet fsspec httpx2 httpcore2 truststore tqdm pyyaml filelock

# A second copy of onnxruntime, for programs in C; tools that make and change models.
(cd "$packages/onnxruntime" \
    && rm -rf capi/libonnxruntime.so.* transformers tools quantization datasets backend)

# NumPy's own tests, and what compiles Fortran and C against it.
(cd "$packages/numpy" && rm -rf f2py distutils _core/include _core/lib random/lib)
find "$packages/numpy" -depth \( -name tests -o -name '*.pyi' \) -exec rm -rf {} +

# Bytecode of what a start loads, since a read-only container could never write it.
"$python" -P - <<'END'
import edgecompress.cli.main
import edgecompress.cli.predict
import edgecompress.cli.serve
import edgecompress.cli.verify
import edgecompress.runtime.__main__
import edgecompress.serving.__main__
import edgecompress.serving.serve
END
