package functions

import (
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = behind("textlike", likeBody(likeText, false))
	_ = behind("textnlike", likeBody(likeText, true))
	_ = behind("namelike", likeBody(likeText, false))
	_ = behind("namenlike", likeBody(likeText, true))
	_ = behind("bytealike", likeBody(likeBytes, false))
	_ = behind("byteanlike", likeBody(likeBytes, true))
	_ = behind("texticlike", likeBody(likeFold, false))
	_ = behind("texticnlike", likeBody(likeFold, true))
	_ = behind("nameiclike", likeBody(likeFold, false))
	_ = behind("nameicnlike", likeBody(likeFold, true))
)

// likeMode says how characters match.
type likeMode uint8

const (
	likeText  likeMode = iota // _ is one character
	likeBytes                 // _ is one byte (bytea)
	likeFold                  // ILIKE
)

var errLikeEscape = pgerror.New(pgerror.InvalidEscapeSequence, "LIKE pattern must not end with escape character")

// LikePattern is a compiled LIKE pattern. Patterns without _ are pieces of text to be
// found one behind the other, which needs no backtracking.
type LikePattern struct {
	source      string
	mode        likeMode
	shape       likeShape
	text        string   // of the shapes of one piece
	pieces      []string // of likePieces, at least two
	lead, trail bool     // a % is before the first one, behind the last one
}

type likeShape uint8

const (
	likeGeneral likeShape = iota
	likeExact
	likePrefix
	likeSuffix
	likeContains
	likeAll
	likePieces
)

func compileLike(pattern string, mode likeMode) *LikePattern {
	likeCompilations.Add(1)
	p := &LikePattern{source: pattern, mode: mode}
	if mode == likeFold {
		p.source = strings.ToLower(pattern)
	}
	pieces, lead, trail, ok := likePiecesOf(p.source)
	if !ok {
		return p
	}
	p.lead, p.trail, p.pieces = lead, trail, pieces
	if len(pieces) == 1 {
		p.text = pieces[0]
	}
	switch {
	case len(pieces) > 1:
		p.shape = likePieces
	case len(pieces) == 0 && lead:
		p.shape = likeAll
	case lead && trail:
		p.shape = likeContains
	case lead:
		p.shape = likeSuffix
	case trail:
		p.shape = likePrefix
	default:
		p.shape = likeExact
	}
	return p
}

// likePiecesOf are the pieces of text between the % of a pattern; ok is false if it has
// a _, or ends with its escape character, which is an error where a match gets that far.
func likePiecesOf(pattern string) (pieces []string, lead, trail, ok bool) {
	var text []byte
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '_':
			return nil, false, false, false
		case '%':
			lead = lead || i == 0
			if trail = true; len(text) > 0 {
				pieces, text = append(pieces, string(text)), text[:0]
			}
			continue
		case '\\':
			if i++; i == len(pattern) {
				return nil, false, false, false
			}
		}
		text, trail = append(text, pattern[i]), false
	}
	if len(text) > 0 {
		pieces = append(pieces, string(text))
	}
	return pieces, lead, trail, true
}

// matchPieces reports whether the pieces are in s one behind the other. Each is taken
// where it comes first: that leaves the most for the next.
func (p *LikePattern) matchPieces(s string) bool {
	pieces := p.pieces
	if !p.lead {
		if !strings.HasPrefix(s, pieces[0]) {
			return false
		}
		s, pieces = s[len(pieces[0]):], pieces[1:]
	}
	if !p.trail {
		last := len(pieces) - 1
		if !strings.HasSuffix(s, pieces[last]) {
			return false
		}
		s, pieces = s[:len(s)-len(pieces[last])], pieces[:last]
	}
	for _, piece := range pieces {
		i := strings.Index(s, piece)
		if i < 0 {
			return false
		}
		s = s[i+len(piece):]
	}
	return true
}

// Match reports whether s matches.
func (p *LikePattern) Match(s string) (bool, error) {
	if p.mode == likeFold {
		s = strings.ToLower(s)
	}
	switch p.shape {
	case likeExact:
		return s == p.text, nil
	case likePrefix:
		return strings.HasPrefix(s, p.text), nil
	case likeSuffix:
		return strings.HasSuffix(s, p.text), nil
	case likeContains:
		return strings.Contains(s, p.text), nil
	case likeAll:
		return true, nil
	case likePieces:
		return p.matchPieces(s), nil
	}
	return likeMatch(s, p.source, p.mode == likeBytes)
}

// likeMatch is the general matcher: on a mismatch it goes back to the last %.
func likeMatch(s, p string, bytes bool) (bool, error) {
	retryP, retryS := -1, 0
	i, j := 0, 0
	for {
		switch {
		case j < len(p) && p[j] == '%':
			j++
			if j == len(p) {
				return true, nil
			}
			if i = likeSkip(s, i, p[j]); i < 0 {
				return false, nil
			}
			retryP, retryS = j, i
			continue
		case i == len(s):
			for j < len(p) && p[j] == '%' {
				j++
			}
			return j == len(p), nil
		case j < len(p) && p[j] == '_':
			i += width(s, i, bytes)
			j++
			continue
		case j < len(p):
			k := j
			if p[k] == '\\' {
				k++
				if k == len(p) {
					return false, errLikeEscape
				}
			}
			if p[k] == s[i] {
				i, j = i+1, k+1
				continue
			}
		}
		if retryP < 0 {
			return false, nil
		}
		if retryS = likeSkip(s, retryS+width(s, retryS, bytes), p[retryP]); retryS < 0 {
			return false, nil
		}
		i, j = retryS, retryP
	}
}

// likeSkip is the first place from i on where what follows a % can match: next
// is the pattern's byte there. It is negative if there is none.
func likeSkip(s string, i int, next byte) int {
	if next == '%' || next == '_' || next == '\\' {
		return i
	}
	k := strings.IndexByte(s[i:], next)
	if k < 0 {
		return -1
	}
	return i + k
}

// width is the length of the character of s at i.
func width(s string, i int, bytes bool) int {
	if bytes || s[i] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return n
}

// maxLikes bounds the patterns that a likeCache keeps.
const maxLikes = 256

// likeCache keeps compiled patterns of one mode: a constant or a parameter is compiled
// once, however many batches, statements and other patterns there are.
type likeCache struct {
	mu    sync.RWMutex
	likes map[string]*LikePattern
}

func (c *likeCache) get(pattern string, mode likeMode) *LikePattern {
	c.mu.RLock()
	p := c.likes[pattern]
	c.mu.RUnlock()
	if p != nil {
		return p
	}
	pattern = strings.Clone(pattern)
	p = compileLike(pattern, mode)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.likes == nil || len(c.likes) >= maxLikes {
		c.likes = map[string]*LikePattern{}
	}
	c.likes[pattern] = p
	return p
}

var likeCompilations atomic.Int64

// LikeCompilations is how many LIKE patterns were compiled.
func LikeCompilations() int64 { return likeCompilations.Load() }

func likeBody(mode likeMode, not bool) body {
	cache := &likeCache{}
	return body{
		Kernel: func(c *Context, args []Value, n int) (arrow.Array, error) {
			m, all := strictNulls(c, n, args[0], args[1])
			if all {
				return NullArray(c, types.PhysBool, n), nil
			}
			so, sd := bytesOf(args[0].Array)
			po, pd := bytesOf(args[1].Array)
			sm, pm := mask(args[0]), mask(args[1])
			buf := newBuffer(c, (n+7)/8)
			dst := buf.Bytes()
			clear(dst)
			var like, last *LikePattern
			of := "" // the pattern of last
			if pm == 0 {
				like = cache.get(viewString(pd[po[0]:po[1]]), mode)
			}
			err := eachValid(&m, n, func(i int) error {
				k := i & sm
				s := viewString(sd[so[k]:so[k+1]])
				l := like
				if l == nil {
					k = i & pm
					if p := viewString(pd[po[k]:po[k+1]]); last == nil || p != of {
						last, of = compileLike(p, mode), p
					}
					l = last
				}
				ok, err := l.Match(s)
				dst[i>>3] |= bit(ok != not) << (i & 7)
				return err
			})
			if err != nil {
				buf.Release()
				m.release()
				return nil, err
			}
			return makeArray(arrow.FixedWidthTypes.Boolean, n, m, buf), nil
		},
		Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
			ok, err := cache.get(d[1].S, mode).Match(d[0].S)
			return types.NewBool(ok != not), err
		},
	}
}
