package tikv

import "context"

// oneRequest is how many bytes of writes surely go to their region at once.
const oneRequest = 8 << 10

// choosePrimary chooses the key whose commit decides over the transaction: nil is
// client-go's choice, the first written.
//
// It has to be locked if the writes take several requests. Whoever meets one of
// them when its time is over marks the transaction as rolled back at the primary,
// and the request that writes there may come after that. Servers refuse it if the
// key was to be locked; if it was not they do not look, and half the transaction
// would be committed. And whoever meets a lock looks where that says.
//
//  1. The first lock, which the others name, if it is written; or if it is the
//     transaction's own or one of DDL: then it becomes part of the commit, which
//     leaves a mark. On a row the mark would be a change to those who lock it next.
//  2. Else another locked key that is written, if one request takes all.
//  3. Else such a key, or the first that is written, locked anew as a primary.
func (t *txn) choosePrimary(ctx context.Context) ([]byte, error) {
	var key []byte
	for i, locked := range t.remote.taken {
		if written := t.writesStored(locked); written || i == 0 && (len(t.announced) > 0 || ownLock(locked)) {
			if key = []byte(locked); i == 0 {
				return key, nil
			}
			break
		}
	}
	once, err := t.goesAtOnce(ctx)
	if err != nil || once {
		return key, err
	}
	if key == nil {
		first, _ := t.writes.tree.Min()
		key = t.keys.stored(first.key)
	}
	now, err := t.store.Now(ctx) // newer than the lock that may be there, so that it is replaced
	if err != nil {
		return nil, err
	}
	if named := t.remote.getPrimary(); named != nil {
		defer t.remote.setPrimary(named) // which heartbeats keep
	}
	t.remote.setPrimary(key)
	_, err = t.acquire(ctx, key, now, waiting{})
	return key, err
}

// ownLock says whether a lock's key is the transaction's own.
func ownLock(stored string) bool {
	_, kind := splitShareKey([]byte(stored))
	return kind == kindShare || kind == kindKeyShare
}

// goesAtOnce says whether one request takes all writes.
func (t *txn) goesAtOnce(ctx context.Context) (bool, error) {
	switch {
	case t.writes.len() == 1:
		return true, nil
	case t.writes.bytes > oneRequest:
		return false, nil
	}
	keys := make([][]byte, 0, t.writes.len())
	_ = t.writes.each(func(w *write) error {
		keys = append(keys, t.keys.stored(w.key))
		return nil
	})
	groups, err := t.store.groupByRegion(ctx, keys)
	return len(groups) == 1, err
}
