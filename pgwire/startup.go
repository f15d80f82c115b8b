package pgwire

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// maxStartup is PostgreSQL's MAX_STARTUP_PACKET_LENGTH.
const maxStartup = 10000

// Codes that stand where a start-up message has its protocol version.
const (
	cancelCode = 80877102
	sslCode    = 80877103
	gssCode    = 80877104
)

var errNotAStart = errors.New("not a start-up message")

// startup performs the start-up exchange. It returns errNotAStart when the
// connection was only a cancel request or garbage.
func (c *conn) startup(ctx context.Context) error {
	_ = c.net.SetDeadline(time.Now().Add(c.server.config.StartupTimeout))
	params, minor, err := c.startupMessage()
	if err != nil {
		return err
	}
	opts := session.Options{Settings: map[string]string{}, Remote: c.net.RemoteAddr(), Local: c.net.LocalAddr(), Disconnect: c.unblock}
	var unknown []string
	if err := parseOptions(params["options"], opts.Settings); err != nil {
		return err
	}
	for name, value := range params {
		switch {
		case name == "user":
			opts.User = value
		case name == "database":
			opts.Database = value
		case name == "options": // read before: the other parameters win
		case name == "replication":
			if value != "false" && value != "off" && value != "0" {
				return pgerror.Unsupported("a replication connection").WithSeverity(pgerror.SeverityFatal)
			}
		case strings.HasPrefix(name, "_pq_."):
			unknown = append(unknown, name)
		default:
			opts.Settings[name] = value
		}
	}
	if minor > 0 || len(unknown) > 0 {
		c.out.begin('v')
		c.out.int32(3 << 16) // the newest version served
		c.out.int32(int32(len(unknown)))
		for _, name := range unknown {
			c.out.cstring(name)
		}
		if err := c.out.end(); err != nil {
			return err
		}
	}
	c.session, err = c.server.sessions.Connect(ctx, c, opts)
	if err != nil {
		return err
	}
	_ = c.net.SetDeadline(time.Time{})
	return c.welcome()
}

// startupMessage reads until the real start-up message, answering requests for
// encryption with "no".
func (c *conn) startupMessage() (params map[string]string, minor int, err error) {
	for {
		body, err := c.startupPacket()
		if err != nil {
			return nil, 0, err
		}
		switch code := binary.BigEndian.Uint32(body); code {
		case sslCode, gssCode:
			if c.in.buffered() {
				// Bytes sent before the answer could have been injected (CVE-2021-23214).
				return nil, 0, pgerror.New(pgerror.ProtocolViolation, "received unencrypted data after SSL request").WithSeverity(pgerror.SeverityFatal)
			}
			if _, err := c.net.Write([]byte{'N'}); err != nil {
				return nil, 0, err
			}
		case cancelCode:
			if len(body) == 12 {
				c.server.sessions.Cancel(binary.BigEndian.Uint32(body[4:]), binary.BigEndian.Uint32(body[8:]))
			}
			return nil, 0, errNotAStart
		default:
			if code>>16 != 3 {
				return nil, 0, pgerror.New(pgerror.FeatureNotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", code>>16, code&0xffff).
					WithSeverity(pgerror.SeverityFatal)
			}
			params, err := startupParams(body[4:])
			return params, int(code & 0xffff), err
		}
	}
}

func (c *conn) startupPacket() ([]byte, error) {
	head, err := c.in.Next(4)
	if err != nil {
		return nil, errNotAStart
	}
	n := int(binary.BigEndian.Uint32(head)) - 4
	if n < 4 || n > maxStartup {
		return nil, pgerror.New(pgerror.ProtocolViolation, "invalid length of startup packet").WithSeverity(pgerror.SeverityFatal)
	}
	body, err := c.in.Next(n)
	if err != nil {
		return nil, errNotAStart
	}
	return body, nil
}

func startupParams(body []byte) (map[string]string, error) {
	bad := pgerror.New(pgerror.ProtocolViolation, "invalid startup packet layout: expected terminator as last byte").WithSeverity(pgerror.SeverityFatal)
	if len(body) == 0 || body[len(body)-1] != 0 {
		return nil, bad
	}
	parts := strings.Split(string(body[:len(body)-1]), "\x00")
	params := map[string]string{}
	for i := 0; i+1 < len(parts); i += 2 {
		if parts[i] == "" {
			break
		}
		params[parts[i]] = parts[i+1]
	}
	return params, nil
}

// parseOptions reads the start-up parameter "options": -c name=value and
// --name=value, separated by blanks that a backslash escapes.
func parseOptions(text string, settings map[string]string) error {
	var words []string
	var word strings.Builder
	started := false
	for i := 0; i < len(text); i++ {
		switch ch := text[i]; {
		case ch == '\\' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
			started = true
		case ch == ' ' || ch == '\t' || ch == '\n':
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
		default:
			word.WriteByte(ch)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	for i := 0; i < len(words) && words[i] != "--"; i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case strings.HasPrefix(w, "-c"):
			w = w[2:]
		case strings.HasPrefix(w, "--"):
			w = w[2:]
		default:
			return pgerror.New(pgerror.SyntaxError, "invalid command-line argument for server process: %s", w).WithSeverity(pgerror.SeverityFatal)
		}
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return pgerror.New(pgerror.SyntaxError, "-c %s requires a value", w).WithSeverity(pgerror.SeverityFatal)
		}
		settings[strings.ReplaceAll(name, "-", "_")] = value
	}
	return nil
}

// welcome ends the start-up exchange: AuthenticationOk, the settings that
// clients watch, the cancel key, ReadyForQuery.
func (c *conn) welcome() error {
	c.out.begin('R')
	c.out.int32(0)
	if err := c.out.end(); err != nil {
		return err
	}
	c.told, c.changed = map[string]string{}, c.changed[:0]
	c.session.Parameters(func(name, value string) { _ = c.ParameterStatus(name, value) })
	c.reportSettings()
	pid, secret := c.session.Key()
	c.out.begin('K')
	c.out.int32(int32(pid))
	c.out.int32(int32(secret))
	if err := c.out.end(); err != nil {
		return err
	}
	return c.readyForQuery()
}
