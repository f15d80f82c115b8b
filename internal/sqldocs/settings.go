package sqldocs

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// settingsQuery reads what clients see of the settings, so that the page also
// tests pg_settings.
const settingsQuery = `SELECT name, boot_val, coalesce(unit, ''), vartype, coalesce(array_to_string(enumvals, ', '), ''), context, short_desc
FROM pg_settings ORDER BY lower(name)`

// Settings is the page of settings, read from a server.
func Settings(ctx context.Context, url string) (string, error) {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx) //nolint:errcheck // done with it
	results, err := conn.Exec(ctx, settingsQuery).ReadAll()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(Header + "# Settings\n\nNames and meanings are PostgreSQL's where it has the setting. Change one with `SET name = value`, in\n" +
		"a transaction with `SET LOCAL`; look at it with `SHOW name` or in `pg_settings`.\n\n" +
		"| setting | default | kind | who sets it | what it does |\n|---|---|---|---|---|\n")
	for _, row := range results[0].Rows {
		name, def, unit, kind, options, who, doc := string(row[0]), string(row[1]), string(row[2]), string(row[3]), string(row[4]), string(row[5]), string(row[6])
		if unit != "" {
			def += " " + unit
		}
		if options != "" {
			kind = options
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(name), cell(strings.TrimSpace(def)), cell(kind), cell(who), cell(doc))
	}
	return b.String(), nil
}
