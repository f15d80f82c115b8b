package sessiontest

import (
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Conn is a session with a client that remembers what it is told.
type Conn struct {
	Session *session.Session
	client  client
	once    sync.Once
}

// Close ends the session.
func (c *Conn) Close() { c.once.Do(c.Session.Close) }

// Query executes text as one simple query and returns everything the server
// said, as text: see Format.
func (c *Conn) Query(sql string) string {
	c.client.out.Reset()
	if err := c.Session.Query(sql); err != nil {
		c.client.message(pgerror.From(err))
	}
	return c.client.out.String()
}

// Extended executes sql by the extended protocol as a statement of a name, and between
// its Parse and Bind, if it is not nil. It returns what Execute said.
func (c *Conn) Extended(name, sql string, between func()) string {
	err := c.Session.Parse(name, sql, nil)
	if err == nil && between != nil {
		between()
	}
	c.client.out.Reset()
	if err == nil {
		err = c.Session.Bind("", name, nil, nil, nil)
	}
	if err == nil {
		err = c.Session.Execute("", 0)
	}
	if synced := c.Session.Sync(); err == nil {
		err = synced
	}
	if err != nil {
		c.client.message(pgerror.From(err))
	}
	return c.client.out.String()
}

// Exec is Query for each statement of sql by itself, as psql sends them.
func (c *Conn) Exec(sql string) string {
	var out strings.Builder
	for _, s := range Split(sql) {
		out.WriteString(c.Query(s))
	}
	return out.String()
}

// SetCopyData gives COPY FROM STDIN its data.
func (c *Conn) SetCopyData(data string) { c.client.copyIn = data }

// Err executes sql and returns the first error, nil if there was none.
func (c *Conn) Err(sql string) *pgerror.Error {
	for _, s := range Split(sql) {
		c.client.out.Reset()
		if err := c.Session.Query(s); err != nil {
			return pgerror.From(err)
		}
	}
	return nil
}

// Split cuts text into statements. Text that does not parse is one.
func Split(sql string) []string {
	stmts, err := parser.Parse(sql)
	if err != nil {
		return []string{sql}
	}
	var out []string
	for i := range stmts {
		out = append(out, strings.TrimSpace(stmts[i].Text))
	}
	return out
}
