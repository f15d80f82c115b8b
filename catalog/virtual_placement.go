package catalog

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// PlacedRuntime feeds the views of where data lies: the statement's context and the
// store, nil if that has no regions.
type PlacedRuntime interface {
	PlacedStore() (context.Context, kv.PlacedStore)
}

func init() {
	name, text, int8, jsonb := OID(types.Name), OID(types.Text), OID(types.Int8), OID(types.JSONB)
	addOwnView(8934, TidemarkSchemaOID, "regions", []viewColumn{
		{"table_schema", name},
		{"table_name", name},
		{"region", int8},
		{"start_key", text},
		{"end_key", text},
		{"leader", int8},
		{"followers", text},
		{"trouble", text},
	}, regionRows)
	addOwnView(8935, TidemarkSchemaOID, "stores", []viewColumn{
		{"store", int8}, {"address", text}, {"version", text}, {"state", text}, {"labels", jsonb},
	}, storeRows)
}

func placed(v VirtualEnv) (context.Context, kv.PlacedStore) {
	if r, ok := v.Runtime.(PlacedRuntime); ok {
		return r.PlacedStore()
	}
	return nil, nil
}

// regionRows are the rows of tidemark.regions: of every table the regions that
// its rows and index entries lie in, with keys as `tidemark inspect key` takes them.
func regionRows(v VirtualEnv, emit emitFunc) error {
	ctx, store := placed(v)
	if store == nil {
		return nil
	}
	for _, t := range v.Snapshot.Tables() {
		if t.Kind != KindTable && t.Kind != KindMaterializedView {
			continue
		}
		head := []types.Datum{dText(v.Snapshot.SchemaByID(t.Schema).Name), dText(t.Name)}
		err := store.Regions(ctx, TableSpan(t), func(r kv.Region) error { return emit(append(head[:2:2], regionRow(r)...)) })
		if err != nil {
			return err
		}
	}
	return nil
}

func regionRow(r kv.Region) []types.Datum {
	leader := types.Null
	var followers, trouble []string
	for _, p := range r.Peers {
		switch p.Role {
		case "leader":
			leader = dInt8(int64(p.Server))
		case "follower":
			followers = append(followers, fmt.Sprint(p.Server))
		default:
			followers = append(followers, fmt.Sprintf("%d (%s)", p.Server, p.Role))
		}
		if p.Trouble != "" {
			trouble = append(trouble, fmt.Sprintf("%d %s", p.Server, p.Trouble))
		}
	}
	return []types.Datum{
		dInt8(int64(r.ID)), dText(hex.EncodeToString(r.Span.Start)), dText(hex.EncodeToString(r.Span.End)), leader,
		dText(strings.Join(followers, ", ")), dNullText(strings.Join(trouble, ", ")),
	}
}

// storeRows are the rows of tidemark.stores: the servers of the cluster.
func storeRows(v VirtualEnv, emit emitFunc) error {
	ctx, store := placed(v)
	if store == nil {
		return nil
	}
	servers, err := store.Servers(ctx)
	if err != nil {
		return err
	}
	for _, s := range servers {
		b := []byte{'{'}
		for key, value := range s.Labels { // jsonb sorts them
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = types.AppendJSONString(append(types.AppendJSONString(b, key), ':'), value)
		}
		labels, err := types.Parse(types.Of(types.JSONB), string(append(b, '}')), types.DefaultIO())
		if err != nil {
			return err
		}
		if err := emit([]types.Datum{dInt8(int64(s.ID)), dText(s.Address), dText(s.Version), dText(s.State), labels}); err != nil {
			return err
		}
	}
	return nil
}
