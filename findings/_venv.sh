# Sourced by the findings: `packages NAME==VERSION ...` makes a throw-away environment,
# `python` then runs in it. The folder is removed at the end.
set -euo pipefail
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HF_HOME=$folder/hf HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 TRANSFORMERS_VERBOSITY=error
packages() {
  "${PYTHON:-python3}" -m venv "$folder/venv"
  "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" 2>"$folder/pip.log" \
    || { cat "$folder/pip.log" >&2; exit 2; }
  export PATH=$folder/venv/bin:$PATH
  cd "$folder"
}
