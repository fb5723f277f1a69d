package tenantfile

import (
	"bufio"
	"bytes"
	"encoding/json"
)

// readUsers reads a JSON list, or JSON lines, of users; ok is false for any
// other text.
func readUsers(raw []byte) (users []any, ok bool) {
	if json.Unmarshal(raw, &users) == nil {
		return users, true
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, maxTenantFile)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var user Document
		if json.Unmarshal(line, &user) != nil {
			return nil, false
		}
		users = append(users, user)
	}
	// A single line may also be a tenant file in JSON.
	return users, len(users) > 1 || len(users) == 1 && isUser(users[0])
}

func isUser(value any) bool {
	user, _ := value.(Document)
	_, hasEmail := user["email"].(string)
	return hasEmail
}
