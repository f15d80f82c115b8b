// Command stored runs one TiKV-protocol store of the test cluster: github.com/ngaut/unistore with multi-raft and fsync.
//
// It replaces unistore's own main, which listens on every interface and has no gRPC health service; without that service
// client-go never takes up again a store that was down once.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ngaut/unistore/config"
	"github.com/ngaut/unistore/pd"
	"github.com/ngaut/unistore/server"
	"github.com/pingcap/kvproto/pkg/deadlock"
	"github.com/pingcap/kvproto/pkg/tikvpb"
	"github.com/pingcap/log"
	"github.com/zhangjinpeng1987/raft"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

func main() {
	pdAddr := flag.String("pd", "", "host:port of the placement driver")
	addr := flag.String("addr", "", "host:port that PD and clients know this store by")
	listen := flag.String("listen", "", "host:port to listen on when a proxy stands before it (default: -addr)")
	dir := flag.String("data-dir", "", "directory of the data")
	logFile := flag.String("log-file", "", "log file")
	flag.Parse()
	if *listen == "" {
		*listen = *addr
	}
	if err := run(*pdAddr, *addr, *listen, *dir, *logFile); err != nil {
		fmt.Fprintln(os.Stderr, "stored:", err)
		os.Exit(1)
	}
}

func run(pdAddr, addr, listen, dir, logFile string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := startLog(logFile); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	client, err := pd.NewClient([]string{pdAddr}, "")
	if err != nil {
		return err
	}
	store, err := server.New(settings(pdAddr, addr, dir, logFile), client)
	if err != nil {
		return err
	}
	rpc := grpc.NewServer(
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 2 * time.Second, PermitWithoutStream: true}),
		grpc.MaxRecvMsgSize(64<<20),
	)
	tikvpb.RegisterTikvServer(rpc, correctedServer{store})
	deadlock.RegisterDeadlockServer(rpc, store)
	grpc_health_v1.RegisterHealthServer(rpc, health.NewServer())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		rpc.Stop()
	}()
	if err := rpc.Serve(listener); err != nil {
		return err
	}
	store.Stop()
	return nil
}

func startLog(file string) error {
	logger, properties, err := log.InitLogger(&log.Config{Level: "info", File: log.FileLogConfig{Filename: file}})
	if err != nil {
		return err
	}
	log.ReplaceGlobals(logger, properties)
	raft.SetLogger(raftLogger{logger.Sugar()})
	return nil
}

// settings are unistore's defaults with synced writes and with raft ten times faster, so that an election takes one
// second and not ten.
func settings(pdAddr, addr, dir, logFile string) *config.Config {
	conf := config.DefaultConf
	conf.Server.PDAddr, conf.Server.StoreAddr, conf.Server.LogfilePath = pdAddr, addr, logFile
	conf.Engine.DBPath = dir
	conf.Engine.SyncWrite = true
	conf.Engine.VlogFileSize = 64 << 20
	conf.Engine.MaxMemTableSize = 16 << 20
	conf.RaftStore.PdHeartbeatTickInterval = "1s"
	conf.RaftStore.RaftStoreMaxLeaderLease = "900ms"
	conf.RaftStore.RaftBaseTickInterval = "100ms"
	conf.RaftStore.RaftHeartbeatTicks = 2
	conf.RaftStore.RaftElectionTimeoutTicks = 10
	return &conf
}

// raftLogger gives zap's logger the two names that raft's interface wants.
type raftLogger struct{ *zap.SugaredLogger }

func (l raftLogger) Warning(v ...interface{})                 { l.Warn(v...) }
func (l raftLogger) Warningf(format string, v ...interface{}) { l.Warnf(format, v...) }
