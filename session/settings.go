package session

import (
	"sort"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/planner/physical"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// settings are a session's values of the settings in settings_table.go, with
// the typed forms that statements use. Values set inside of a transaction come
// back when it rolls back, SET LOCAL's at its end in any case.
type settings struct {
	session *Session
	values  map[string]string // what differs from the default, by canonical name
	resets  map[string]string // what RESET goes back to (start-up parameters)
	undo    []settingUndo

	searchPath        []string // as set, names unquoted; "$user" stands for the user
	effectivePath     []string // with implicit schemas, see path.go; nil when stale
	application       string
	isolation         isolation // of new transactions
	readOnly          bool      // new transactions
	statementTimeout  time.Duration
	lockTimeout       time.Duration
	idleInTransaction time.Duration
	idleSession       time.Duration
	minMessages       int // rank of client_min_messages
	asyncCommit       bool
	workMem           int64
	statisticsTarget  int
	workersPerGather  int
	minParallelScan   int64 // bytes
	minParallelIndex  int64 // bytes
	parallelSetup     float64
	parallelRow       float64
	noGatherMerge     bool
	serialHash        bool
	joinLimit         int
	batchRows         int
	plainStrings      bool
	disabled          physical.Methods // by the enable_... settings
	hashMemMultiplier float64
	pushdown          string
	pushdownBlocked   map[string]bool
	readFrom          readFrom
	staleness         time.Duration
	trace             bool
	noSpread          bool
	traceParent       traceParent
}

type settingUndo struct {
	name   string
	old    string
	hadOld bool
	local  bool
}

func (st *settings) init(s *Session) {
	st.session = s
	st.values, st.resets = map[string]string{}, map[string]string{}
	for _, def := range settingsTable {
		if def.apply != nil {
			if err := def.apply(s, st.get(def)); err != nil {
				panic(err) // a default of our own table
			}
		}
	}
}

// hashMem is how many bytes a hash table may take.
func (st *settings) hashMem() int64 { return int64(float64(st.workMem) * st.hashMemMultiplier) }

func (st *settings) get(def *setting) string {
	if v, ok := st.values[strings.ToLower(def.name)]; ok {
		return v
	}
	if def.compute != nil {
		return def.compute(st.session)
	}
	return def.def
}

// startup sets a start-up parameter; it becomes the value RESET goes back to.
func (st *settings) startup(name, value string) error {
	if err := st.assign(name, value, false); err != nil {
		return err
	}
	st.undo = nil
	key := strings.ToLower(name)
	st.resets[key] = st.values[key]
	return nil
}

// set is SET name = value at the level of the session or, with local, of the transaction.
func (st *settings) set(name, value string, local bool) error {
	return st.assign(name, value, local)
}

func (st *settings) assign(name, value string, local bool) error {
	key := strings.ToLower(name)
	def := settingsByName[key]
	if def == nil {
		if !validCustomName(name) {
			return unknownSetting(name)
		}
		st.store(key, value, local)
		return nil
	}
	if def.internal {
		return pgerror.New(pgerror.CantChangeRuntimeParam, "parameter %q cannot be changed", def.name)
	}
	value, err := def.check(value)
	if err != nil {
		return err
	}
	old := st.get(def)
	if def.apply != nil {
		if err := def.apply(st.session, value); err != nil {
			return err
		}
	}
	st.store(key, value, local)
	if def.report && old != value {
		return st.session.client.ParameterStatus(def.name, st.get(def))
	}
	return nil
}

func (st *settings) store(key, value string, local bool) {
	old, had := st.values[key]
	st.undo = append(st.undo, settingUndo{name: key, old: old, hadOld: had, local: local})
	st.values[key] = value
}

// reset is RESET name and SET name TO DEFAULT.
func (st *settings) reset(name string, local bool) error {
	key := strings.ToLower(name)
	def := settingsByName[key]
	if def == nil {
		if !validCustomName(name) {
			return unknownSetting(name)
		}
		if _, ok := st.values[key]; ok {
			st.store(key, st.resets[key], local)
		}
		return nil
	}
	value, ok := st.resets[key]
	if !ok {
		value = def.def
		if def.compute != nil {
			value = def.compute(st.session)
		}
	}
	return st.assign(name, value, local)
}

func (st *settings) resetAll() error {
	names := make([]string, 0, len(st.values))
	for name := range st.values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if def := settingsByName[name]; def != nil && (def.internal || def.noResetAll) {
			continue
		}
		if err := st.reset(name, false); err != nil {
			return err
		}
	}
	return nil
}

// rollback takes back what was set since mark entries were recorded.
func (st *settings) rollback(mark int) {
	for i := len(st.undo) - 1; i >= mark; i-- {
		st.restore(st.undo[i])
	}
	st.undo = st.undo[:mark]
}

// commit keeps what SET did and takes back what SET LOCAL did.
func (st *settings) commit() {
	for i := len(st.undo) - 1; i >= 0; i-- {
		if u := st.undo[i]; u.local {
			st.restore(u)
		}
	}
	st.undo = st.undo[:0]
}

func (st *settings) restore(u settingUndo) {
	def := settingsByName[u.name]
	var before string
	if def != nil {
		before = st.get(def)
	}
	if u.hadOld {
		st.values[u.name] = u.old
	} else {
		delete(st.values, u.name)
	}
	if def == nil {
		return
	}
	now := st.get(def)
	if def.apply != nil {
		_ = def.apply(st.session, now) // it was in force before
	}
	if def.report && now != before {
		_ = st.session.client.ParameterStatus(def.name, now) // a lost connection shows at the next write
	}
}

// show returns a setting as SHOW prints it, with the canonical name.
func (st *settings) show(name string) (canonical, value string, err error) {
	key := strings.ToLower(name)
	if def := settingsByName[key]; def != nil {
		v := st.get(def)
		if def.unit != "" {
			v = showUnits(def.unit, v)
		}
		return def.name, v, nil
	}
	if v, ok := st.values[key]; ok {
		return name, v, nil
	}
	return "", "", unknownSetting(name)
}

func (st *settings) reported(fn func(name, value string)) {
	for _, def := range settingsTable {
		if def.report {
			fn(def.name, st.get(def))
		}
	}
}

func unknownSetting(name string) error {
	return pgerror.New(pgerror.UndefinedObject, "unrecognized configuration parameter %q", name)
}

// validCustomName accepts "class.name" settings, which any extension may define.
func validCustomName(name string) bool {
	class, rest, ok := strings.Cut(name, ".")
	return ok && class != "" && rest != "" && !strings.ContainsAny(name, " \"'") && !strings.EqualFold(class, "tidemark")
}
