#!/bin/sh
# Runs preview, up, verify or drift of the Pulumi project in this folder, in any CI or by hand.
# preview and verify exit with the codes of elastx-mrs. preview exits with 1 if Pulumi's preview failed.
set -eu

: "${PROJECT:=acme-mail}" "${STACK:=prod}"

install() {
    [ -x .venv/bin/elastx-mrs ] || { python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt; }
    PATH="$PWD/.venv/bin:$PATH"
}

# Writes the review to review.md, also if the preview failed. FAIL_ON is passed to elastx-mrs review --fail-on.
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
