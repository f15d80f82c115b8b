package types

import (
	"strconv"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// accessor reads one accessor, nil if there is none.
func (p *pathParser) accessor() (*JSONPathItem, error) {
	switch p.kind {
	case '.':
		if err := p.next(); err != nil {
			return nil, err
		}
		return p.member()
	case '[':
		if err := p.next(); err != nil {
			return nil, err
		}
		return p.subscripts()
	case '?':
		if err := p.next(); err != nil {
			return nil, err
		}
		if err := p.expect('('); err != nil {
			return nil, err
		}
		arg, err := p.predicate()
		if err != nil {
			return nil, err
		}
		return &JSONPathItem{Op: PathFilter, Left: arg}, p.expect(')')
	}
	return nil, nil
}

// member reads what may stand behind a dot.
func (p *pathParser) member() (*JSONPathItem, error) {
	switch {
	case p.kind == '*':
		return &JSONPathItem{Op: PathAnyKey}, p.next()
	case p.isOperator("**"):
		if err := p.next(); err != nil {
			return nil, err
		}
		return p.levels()
	case p.kind == pathString:
		key := &JSONPathItem{Op: PathKey, Str: p.text}
		return key, p.next()
	case p.kind != pathIdent && p.kind != pathKeyword:
		return nil, p.syntaxError()
	}
	word, keyword := p.word, ""
	if p.kind == pathKeyword {
		keyword = p.text
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.kind == '(' {
		switch keyword {
		case "abs", "size", "type", "floor", "double", "ceiling", "keyvalue":
			if err := p.next(); err != nil {
				return nil, err
			}
			return &JSONPathItem{Op: PathMethod, Str: keyword}, p.expect(')')
		case "datetime":
			return p.datetime()
		}
	}
	return &JSONPathItem{Op: PathKey, Str: word}, nil
}

func (p *pathParser) datetime() (*JSONPathItem, error) {
	if err := p.next(); err != nil {
		return nil, err
	}
	item := &JSONPathItem{Op: PathDatetime}
	if p.kind == pathString {
		item.Left = &JSONPathItem{Op: PathString, Str: p.text}
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	return item, p.expect(')')
}

// levels reads the levels of .**, which are all if there are none.
func (p *pathParser) levels() (*JSONPathItem, error) {
	item := &JSONPathItem{Op: PathAny, Last: JSONPathLastLevel}
	if open, err := p.accept('{'); err != nil || !open {
		return item, err
	}
	var err error
	if item.First, err = p.level(); err != nil {
		return nil, err
	}
	item.Last = item.First
	if p.isKeyword("to") {
		if err := p.next(); err != nil {
			return nil, err
		}
		if item.Last, err = p.level(); err != nil {
			return nil, err
		}
	}
	return item, p.expect('}')
}

func (p *pathParser) level() (uint32, error) {
	switch {
	case p.isKeyword("last"):
		return JSONPathLastLevel, p.next()
	case p.kind == pathInt:
		n, err := strconv.ParseInt(p.text, 10, 32)
		if err != nil {
			return 0, pgerror.New(pgerror.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", p.text, "integer")
		}
		return uint32(n), p.next()
	}
	return 0, p.syntaxError()
}

func (p *pathParser) subscripts() (*JSONPathItem, error) {
	if any, err := p.accept('*'); err != nil || any {
		if err != nil {
			return nil, err
		}
		return &JSONPathItem{Op: PathAnyArray}, p.expect(']')
	}
	item := &JSONPathItem{Op: PathIndex}
	for {
		var s JSONPathSubscript
		var err error
		if s.From, err = p.expr(); err != nil {
			return nil, err
		}
		if p.isKeyword("to") {
			if err := p.next(); err != nil {
				return nil, err
			}
			if s.To, err = p.expr(); err != nil {
				return nil, err
			}
		}
		item.Subscripts = append(item.Subscripts, s)
		if more, err := p.accept(','); err != nil || !more {
			if err != nil {
				return nil, err
			}
			return item, p.expect(']')
		}
	}
}
