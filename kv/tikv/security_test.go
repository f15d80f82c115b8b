package tikv

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tikv/client-go/v2/config"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// TestSecurity reaches a cluster by TLS that asks for a certificate, which it has
// from proxies. Without a certificate it is refused, and one that somebody else
// signed is refused.
func TestSecurity(t *testing.T) {
	testcluster.Shared(t) // or this test is skipped
	ca := newAuthority(t)
	b, err := testcluster.Build(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c, err := testcluster.Start(ctx, b, testcluster.Options{Dir: t.TempDir(), Stores: 1, Secure: &tls.Config{
		Certificates: []tls.Certificate{ca.sign(t, "server")}, ClientCAs: ca.pool, ClientAuth: tls.RequireAndVerifyClientCert,
		NextProtos: []string{"h2"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	link, err := c.SecureLink()
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	plain := config.GetGlobalConfig().Security
	defer func() { config.UpdateGlobal(func(c *config.Config) { c.Security = plain }) }()
	open := func(s Security) (*Store, error) {
		return Open(ctx, Config{
			PDs: []string{link.Route(c.PD())}, Route: link.Route, Security: s,
			Prefix: "test/" + t.Name() + "/", GCInterval: -1, Logger: quiet,
		})
	}
	ca.sign(t, "node")
	s, err := open(Security{CA: ca.file("ca.pem"), Cert: ca.file("node.pem"), Key: ca.file("node.key")})
	if err != nil {
		t.Fatal(err)
	}
	writer := begin(t, s)
	writer.lock("k", exclusive)
	if err := writer.txn.Put(kv.Key("k"), []byte("v")); err != nil {
		t.Fatal(err)
	}
	if _, err := writer.txn.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	if v, _, err := begin(t, s).txn.Get(ctx, kv.Key("k")); err != nil || string(v) != "v" {
		t.Errorf("read %q: %v", v, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	other := newAuthority(t)
	other.sign(t, "node")
	for name, s := range map[string]Security{
		"no TLS":            {},
		"no certificate":    {CA: ca.file("ca.pem")},
		"of somebody else":  {CA: ca.file("ca.pem"), Cert: other.file("node.pem"), Key: other.file("node.key")},
		"server not signed": {CA: other.file("ca.pem"), Cert: ca.file("node.pem"), Key: ca.file("node.key")},
	} {
		if s, err := open(s); pgerror.CodeOf(err) != pgerror.ConnectionFailure {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = s.Close()
			}
		}
	}
	if _, err := open(Security{CA: ca.file("missing.pem")}); pgerror.CodeOf(err) != pgerror.ConnectionFailure {
		t.Errorf("no such file: %v", err)
	}
}

// authority signs certificates and keeps them in files.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir(), pool: x509.NewCertPool()}
	a.sign(t, "ca")
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// sign makes a certificate; the first is the authority's own.
func (a *authority) sign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:        a.cert == nil, BasicConstraintsValid: true,
	}
	if a.cert == nil {
		a.cert, a.key = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	check(err)
	if template == a.cert {
		a.cert, err = x509.ParseCertificate(der)
		check(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	cert, private := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	check(os.WriteFile(a.file(name+".pem"), cert, 0o600))
	check(os.WriteFile(a.file(name+".key"), private, 0o600))
	pair, err := tls.X509KeyPair(cert, private)
	check(err)
	return pair
}
