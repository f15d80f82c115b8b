package tikv

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/pingcap/kvproto/pkg/metapb"
	"github.com/pingcap/log"
	"github.com/tikv/client-go/v2/config"
	"github.com/tikv/client-go/v2/tikv"
	pd "github.com/tikv/pd/client"
	"github.com/tikv/pd/client/opt"
	"github.com/tikv/pd/client/pkg/caller"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/grpc"
)

// connectTries is how often, a second apart, a placement driver is asked for the
// cluster before a node gives up starting.
const connectTries = 5

// Security has the PEM files of TLS to the placement drivers and the stores:
// who signed their certificates, and this node's own certificate and key. Without
// CA connections are plain.
type Security struct{ CA, Cert, Key string }

func (s Security) clientSecurity() config.Security {
	return config.NewSecurity(s.CA, s.Cert, s.Key, nil)
}

// connect makes client-go's client of a cluster.
func connect(ctx context.Context, cfg Config) (*tikv.KVStore, error) {
	redirectLogs.Do(func() { redirectLog(cfg.Logger) })
	security := cfg.Security.clientSecurity()
	tls, err := security.ToTLSConfig()
	if err != nil {
		return nil, err
	}
	// What asks whether a store lives takes it from there.
	config.UpdateGlobal(func(c *config.Config) { c.Security = security })
	plain, err := pd.NewClient(caller.Component("tidemark"), cfg.PDs, pd.SecurityOption{
		CAPath: security.ClusterSSLCA, CertPath: security.ClusterSSLCert, KeyPath: security.ClusterSSLKey,
	}, opt.WithMaxErrorRetry(connectTries), opt.WithGRPCDialOptions(cfg.dialOptions()...))
	if err != nil {
		return nil, err
	}
	// The stream of region queries is newer than PD 8.5, and the client does not
	// do without it by itself.
	if err := plain.UpdateOption(opt.EnableRouterClient, false); err != nil {
		plain.Close()
		return nil, err
	}
	placement, err := cfg.encoded(routedPlacement{plain, cfg.Route})
	if err != nil {
		plain.Close()
		return nil, err
	}
	safePoints, err := tikv.NewEtcdSafePointKV(cfg.PDs, tls)
	if err != nil {
		placement.Close()
		return nil, err
	}
	rpc := tikv.NewRPCClient(tikv.WithSecurity(security), tikv.WithCodec(placement.GetCodec()))
	store, err := tikv.NewKVStore(fmt.Sprintf("tikv-%d", placement.GetClusterID(ctx)), placement, safePoints, rpc)
	if err != nil {
		_ = safePoints.Close()
		_ = rpc.Close()
		placement.Close()
	}
	return store, err
}

// encoded is the placement drivers' client for the whole cluster (API v1), or
// for a keyspace of it (API v2).
func (c Config) encoded(plain pd.Client) (*tikv.CodecPDClient, error) {
	if c.Keyspace == "" {
		return tikv.NewCodecPDClient(tikv.ModeTxn, plain), nil
	}
	out, err := tikv.NewCodecPDClientWithKeyspace(tikv.ModeTxn, plain, c.Keyspace)
	if err != nil {
		return nil, fmt.Errorf("keyspace %q: %w", c.Keyspace, err)
	}
	return out, nil
}

func (c Config) dialOptions() []grpc.DialOption {
	if c.Route == nil {
		return nil
	}
	return []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", c.Route(addr))
	})}
}

// routedPlacement tells of stores by the addresses at which this node reaches them.
type routedPlacement struct {
	pd.Client
	route func(string) string
}

// GetStore implements pd.Client.
func (p routedPlacement) GetStore(ctx context.Context, id uint64, opts ...opt.GetStoreOption) (*metapb.Store, error) {
	s, err := p.Client.GetStore(ctx, id, opts...)
	p.redirect(s)
	return s, err
}

// GetAllStores implements pd.Client.
func (p routedPlacement) GetAllStores(ctx context.Context, opts ...opt.GetStoreOption) ([]*metapb.Store, error) {
	all, err := p.Client.GetAllStores(ctx, opts...)
	for _, s := range all {
		p.redirect(s)
	}
	return all, err
}

// WithCallerComponent implements pd.Client.
func (p routedPlacement) WithCallerComponent(c caller.Component) pd.Client {
	return routedPlacement{p.Client.WithCallerComponent(c), p.route}
}

func (p routedPlacement) redirect(s *metapb.Store) {
	if s != nil && p.route != nil {
		s.Address = p.route(s.Address)
	}
}

var redirectLogs sync.Once

// redirectLog sends what client-go logs to ours. It has one logger a process.
func redirectLog(logger *slog.Logger) {
	core := logCore{logger: logger}
	level := zap.NewAtomicLevelAt(zapcore.InfoLevel) // client-go asks for it when it gives up
	if core.Enabled(zapcore.DebugLevel) {
		level.SetLevel(zapcore.DebugLevel)
	}
	log.ReplaceGlobals(zap.New(core), &log.ZapProperties{Core: core, Level: level})
}

// logCore is a zapcore.Core that writes to a slog.Logger. The client calls
// errors what it tries again, so all comes a level lower.
type logCore struct {
	logger *slog.Logger
	with   []any
}

func (c logCore) Enabled(l zapcore.Level) bool {
	return c.logger.Enabled(context.Background(), slogLevel(l))
}

func (c logCore) With(fields []zapcore.Field) zapcore.Core {
	return logCore{logger: c.logger, with: append(c.with[:len(c.with):len(c.with)], attributes(fields)...)}
}

func (c logCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

func (c logCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	c.logger.Log(context.Background(), slogLevel(e.Level), "client-go: "+e.Message, append(c.with, attributes(fields)...)...)
	return nil
}

func (c logCore) Sync() error { return nil }

func slogLevel(l zapcore.Level) slog.Level {
	switch {
	case l >= zapcore.DPanicLevel:
		return slog.LevelError
	case l >= zapcore.ErrorLevel:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func attributes(fields []zapcore.Field) []any {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(enc)
	}
	out := make([]any, 0, 2*len(enc.Fields))
	for _, f := range fields {
		if v, ok := enc.Fields[f.Key]; ok {
			out = append(out, f.Key, v)
		}
	}
	return out
}
