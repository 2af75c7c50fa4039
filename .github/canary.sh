#!/usr/bin/env bash
# What canary.yml asks of its host, by the host's own command line:
#   report   writes build/canary/*.md to the one open issue with the label canary
#   lock     opens a request that brings the new requirements.lock
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1-}" in
report)
  body=build/canary/issue.txt
  mkdir -p build/canary
  cat build/canary/*.md >"$body" 2>/dev/null || echo "There is no report." >"$body"
  echo "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID" >>"$body"
  gh label create canary --force --description "Other versions than the lock's" >/dev/null
  number="$(gh issue list --label canary --state open --limit 1 --json number --jq '.[].number')"
  if [[ -n "$number" ]]; then
    gh issue edit "$number" --body-file "$body"
  else
    gh issue create --label canary --title "Other versions break lectures" --body-file "$body"
  fi
  ;;
lock)
  git diff --quiet -- requirements.lock && exit 0
  git switch --force-create lock-update
  git -c user.name=canary -c user.email=canary@localhost \
    commit --quiet --message "Newer versions in the lock" requirements.lock
  git push --force origin lock-update
  open="$(gh pr list --head lock-update --state open --json number --jq length)"
  if [[ "$open" == 0 ]]; then
    gh pr create --head lock-update --title "Newer versions in the lock" --body \
      "All lectures hold with these versions. Close and reopen this to have it tested."
  fi
  ;;
*)
  echo "usage: canary.sh report|lock" >&2
  exit 2
  ;;
esac
