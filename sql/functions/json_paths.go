package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// The operators of json and jsonb that take text arrays: #> #>> #- ?| ?& - text[].
var (
	_ = behind("json_extract_path", jsonStep(jsonArrayPath))
	_ = behind("jsonb_extract_path", jsonStep(jsonArrayPath))
	_ = behind("json_extract_path_text", jsonTextStep(jsonArrayPath))
	_ = behind("jsonb_extract_path_text", jsonTextStep(jsonArrayPath))
	_ = behind("jsonb_exists_any", fn2(func(s string, keys binary) bool {
		for _, d := range types.DecodeArray(string(keys)).All() {
			if !d.IsNull() && jsonbExists(s, d.S) {
				return true
			}
		}
		return false
	}))
	_ = behind("jsonb_exists_all", fn2(func(s string, keys binary) bool {
		for _, d := range types.DecodeArray(string(keys)).All() {
			if !d.IsNull() && !jsonbExists(s, d.S) {
				return false
			}
		}
		return true
	}))
	_ = behind("jsonb_delete_array", fn2E(func(s string, keys binary) (string, error) {
		var list []string
		for _, d := range types.DecodeArray(string(keys)).All() {
			if !d.IsNull() {
				list = append(list, d.S)
			}
		}
		if k := jsonKind(s); len(list) == 0 && (k == '{' || k == '[') {
			return s, nil
		}
		return jsonbDeleteKeys(s, list)
	}))
)

func jsonArrayPath(s string, path binary) (string, bool) {
	steps, ok := textArray(path)
	if !ok {
		return "", false
	}
	if len(steps) == 0 {
		return strings.TrimSpace(s), true
	}
	return jsonPath(s, steps)
}
