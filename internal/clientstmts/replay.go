package clientstmts

import (
	"fmt"
	"regexp"
	"strings"
)

// recorded are the object numbers of the database that the clients were recorded
// on, and which object had them.
var recorded = map[string]string{
	"17048": "'sales.order_status[]'::regtype",
	"17061": "'sales.customers_id_seq'::regclass",
	"17062": "'sales.customers'::regclass",
	"17077": "'sales.customers_country_name_idx'::regclass",
	"17078": "'sales.customers_lower_email_idx'::regclass",
	"17079": "'sales.customers_active_idx'::regclass",
	"17081": "'sales.orders'::regclass",
	"17112": "'all_types'::regclass",
	"17142": "'sales.open_orders'::regclass",
	"17146": "'sales.customer_totals'::regclass",
	"17152": "'add_one(integer)'::regprocedure",
}

var recordedOID = regexp.MustCompile(`\b17[01][0-9][0-9]\b`)

// Session is a client's connection to one server, with the sample schema loaded.
type Session struct {
	*Conn
	oids map[string]string
}

// NewSession connects and looks up the recorded objects.
func NewSession(s Server) (*Session, error) {
	c, err := Dial(s)
	if err != nil {
		return nil, err
	}
	out := &Session{Conn: c, oids: map[string]string{}}
	for n, expr := range recorded {
		a, err := c.Simple("SELECT " + expr + "::oid")
		if err != nil {
			return nil, err
		}
		if a.Code == "" {
			out.oids[n] = *a.Results[0].Rows[0][0]
		}
	}
	return out, nil
}

// Run replays a block, outside of a failed transaction.
func (s *Session) Run(b *Block) (*Answer, error) {
	sql := recordedOID.ReplaceAllStringFunc(b.SQL, func(n string) string {
		if oid, ok := s.oids[n]; ok {
			return oid
		}
		return n
	})
	if !b.Extended() {
		return s.Simple(sql)
	}
	block := *b
	block.Binds = append([]Bind(nil), b.Binds...)
	for i, v := range block.Binds {
		if oid, ok := s.oids[v.Text]; ok {
			block.Binds[i].Text = oid
		}
	}
	return s.Conn.Extended(&block, sql)
}

// Rollback leaves a transaction, if there is one.
func (s *Session) Rollback() error {
	_, err := s.Simple("ROLLBACK")
	return err
}

// LoadSchema runs the statements of schema.sql one by one, and gives the errors
// of those that failed.
func LoadSchema(s Server, text string) ([]string, error) {
	c, err := Dial(s)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var failed []string
	for _, stmt := range SplitStatements(text) {
		a, err := c.Simple(stmt)
		if err != nil {
			return failed, fmt.Errorf("%.60q: %w", stmt, err)
		}
		if a.Code != "" && a.Code != "42710" { // roles are the cluster's: they may be there
			failed = append(failed, fmt.Sprintf("%.70s: %s %s", strings.ReplaceAll(stmt, "\n", " "), a.Code, a.Message))
		}
	}
	return failed, nil
}

// SplitStatements splits a script at its semicolons outside of quotes.
func SplitStatements(text string) []string {
	var (
		out   []string
		start int
		quote byte
	)
	add := func(end int) {
		if s := strings.TrimSpace(text[start:end]); s != "" {
			out = append(out, s)
		}
	}
	for i := 0; i < len(text); i++ {
		switch ch := text[i]; {
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '\'' || ch == '"':
			quote = ch
		case ch == '-' && strings.HasPrefix(text[i:], "--"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				end = len(text) - i
			}
			if strings.TrimSpace(text[start:i]) == "" {
				start = i + end
			}
			i += end
		case ch == ';':
			add(i)
			start = i + 1
		}
	}
	add(len(text))
	return out
}
