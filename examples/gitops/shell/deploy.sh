#!/bin/sh
# preview, up, verify or drift of the Pulumi project in this folder: for any CI, and by hand.
# preview and verify end with the exit codes of elastx-mrs; preview ends with 1 where Pulumi's preview failed.
set -eu

: "${PROJECT:=acme-mail}" "${STACK:=prod}"

install() {
    [ -x .venv/bin/elastx-mrs ] || { python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt; }
    PATH="$PWD/.venv/bin:$PATH"
}

# Leaves the review in review.md, of a preview that failed too; FAIL_ON is for elastx-mrs review --fail-on.
preview() {
    preview=0 review=0
    pulumi preview --stack "$STACK" --non-interactive --json > preview.json 2> preview.log || preview=$?
    elastx-mrs review preview.json --log preview.log --stack "$PROJECT/$STACK" \
        --fail-on "${FAIL_ON:-}" --limit none > review.md || review=$?
    cat review.md
    [ "$preview" = 0 ] || return 1
    return "$review"
}

case "${1:-}" in
    preview) install; preview ;;
    up) install; pulumi up --stack "$STACK" --non-interactive --yes ;;
    verify) install; elastx-mrs verify --stack-config "Pulumi.$STACK.yaml" --timeout 10 ;;
    drift) install; pulumi preview --stack "$STACK" --non-interactive --refresh --expect-no-changes ;;
    *) echo "usage: deploy.sh preview|up|verify|drift" >&2; exit 2 ;;
esac
