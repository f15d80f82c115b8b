module github.com/tidemarkdb/tidemark/internal/testcluster/store

go 1.16

require (
	github.com/coreos/go-systemd v0.0.0-20190719114852-fd7a80b32e1f // indirect
	github.com/gorilla/websocket v1.4.1 // indirect
	github.com/grpc-ecosystem/grpc-gateway v1.14.3 // indirect
	github.com/ngaut/unistore v0.0.0-20210719114803-9cf36a97f8a1
	github.com/pingcap/kvproto v0.0.0-20210722112940-1a69d0b093f1
	github.com/pingcap/log v0.0.0-20201112100606-8f1e84a3abc8
	github.com/pingcap/tidb v1.1.0-beta.0.20210319021734-e79ac3d978cf // indirect
	github.com/spaolacci/murmur3 v1.1.0 // indirect
	github.com/tikv/pd v1.1.0-beta.0.20210323121136-78679e5e209d // indirect
	github.com/zhangjinpeng1987/raft v0.0.0-20200819064223-df31bb68a018
	go.etcd.io/bbolt v1.3.4 // indirect
	go.uber.org/zap v1.16.0
	golang.org/x/net v0.0.0-20210316092652-d523dce5a7f4 // indirect
	google.golang.org/grpc v1.27.1
	sigs.k8s.io/yaml v1.2.0 // indirect
)

replace go.etcd.io/etcd => github.com/zhangjinpeng1987/etcd v0.5.0-alpha.5.0.20201117041249-9487a87e2cbd

replace github.com/pingcap/kvproto => github.com/pingcap/kvproto v0.0.0-20210722112940-1a69d0b093f1
