#!/bin/sh
# SNMS with curl: log in, make a template, register a batch, read each item's outcome, read one back.
#     idnode serve &
#     sh deploy/examples/snms.sh [http://127.0.0.1:8000]
set -eu

node=${1:-http://127.0.0.1:8000}
prefix=88.900.1
part=P-$$

# The answer's own status says whether it worked; HTTP says 200 either way.
call() {
	method=$1 path=$2
	shift 2
	curl -sS -X "$method" "$node$path" -H "Content-Type: application/json" \
		-H "Authorization: Bearer ${token:-}" "$@"
}
succeeded() {
	printf '%s\n' "$1"
	case $1 in *'"status":1'[,}]*) ;; *) exit 1 ;; esac
}

answer=$(call POST /identity/token -d '{"username": "demo", "password": "idnode-demo"}')
token=$(printf '%s' "$answer" | sed 's/.*"token":"\([^"]*\)".*/\1/')
test "$token" != "$answer"

echo "A template with one attribute, at index 2000:"
succeeded "$(call POST /snms/api/v5/template -d '{
  "prefix": "'$prefix'", "version": "'$part'", "type": 2, "description": "pump nameplate",
  "industryCategory": "C", "industrySpecific": "34", "industryTrade": "344", "industrySubclass": "3441",
  "items": [{"name": "型号", "idType": "model", "idIndex": 2000, "required": true,
             "metadata": {"type": "string", "minLength": 1, "maxLength": 64}}]}')"

item() {
	printf '{"handle": "%s", "templateVersion": "%s", "value": [
    {"index": 2000, "type": "model", "data": {"format": "string", "value": "IS80-65"}}]}' "$1" "$part"
}

echo "The same identifier twice in one batch: its status is 1, and one item's msg is not success:"
batch=$(call POST /identityv2/data/batchCreate \
	-d "[$(item "$prefix/$part"), $(item "$prefix/$part")]")
succeeded "$batch"
case $batch in *'"msg":"success"'*'"msg":"标识已存在"'*) ;; *) exit 1 ;; esac

echo "And read back:"
detail=$(call GET "/identityv2/data/detail?handle=$prefix/$part")
succeeded "$detail"
case $detail in *IS80-65*) ;; *) exit 1 ;; esac
