package ca_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sign has the root in the key file keyFile sign a certificate for host, even if its name
// constraints forbid that, and returns the new key and certificate as PEM.
func sign(t *testing.T, keyFile []byte, host string) (key, cert string) {
	t.Helper()
	block, rest := pem.Decode(keyFile)
	signer, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	block, _ = pem.Decode(rest)
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: host},
		NotBefore:    root.NotBefore,
		NotAfter:     root.NotBefore.Add(30 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	certDER, err := x509.CreateCertificate(rand.Reader, template, root, leafKey.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certDER}))
}

func TestRootCannotVouchForOthers(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	a := open(t, dir, c, "acme.example.test", "192.168.1.5")
	keyFile := readFile(t, filepath.Join(dir, "ca.key"))
	tests := []struct {
		host    string
		trusted bool
	}{
		{"localhost", true},
		{"127.8.9.10", true},
		{"192.168.1.5", true},
		{"login.acme.example.test", true},
		{"evil.example", false},
		{"example.test", false},
		{"evilacme.example.test", false},
		{"*.example.test", false},
		{"192.168.1.6", false},
		{"10.0.2.3", false},
		{"::2", false},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			_, cert := sign(t, keyFile, tt.host)
			block, _ := pem.Decode([]byte(cert))
			leaf, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			_, err = leaf.Verify(x509.VerifyOptions{Roots: pool(t, a), CurrentTime: c.time})
			if tt.trusted != (err == nil) {
				t.Errorf("trusted %t, want %t: %v", err == nil, tt.trusted, err)
			}
			if err != nil && !strings.Contains(err.Error(), "is not permitted by any constraint") {
				t.Errorf("it is refused for another reason: %v", err)
			}
		})
	}
}

// answer is the response of the servers in these tests.
const answer = "tenant0 answers"

// serve starts a server with config on loopback and returns its port.
func serve(t *testing.T, config *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) }),
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// serveEvil starts a server for evil.example, as somebody could who has stolen the key in dir,
// and returns its port.
func serveEvil(t *testing.T, dir string) string {
	t.Helper()
	key, cert := sign(t, readFile(t, filepath.Join(dir, "ca.key")), "evil.example")
	evil, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, &tls.Config{Certificates: []tls.Certificate{evil}})
}

// request is what a client program should do: request https://host:port/ from loopback, trusting
// only the certificates in the file roots.
type request struct{ roots, host, port string }

// clients are the programs in which developers' applications run; each prints the answer, or
// the reason why it does not trust the server.
var clients = []struct {
	name    string
	command func(request) *exec.Cmd
}{
	{"curl", func(r request) *exec.Cmd {
		return exec.Command("curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", r.roots,
			"--resolve", r.host+":"+r.port+":127.0.0.1", "https://"+r.host+":"+r.port+"/")
	}},
	{"node", func(r request) *exec.Cmd {
		cmd := exec.Command("node", "-e", `
			const [host, port] = process.argv.slice(1)
			const lookup = (_, options, done) =>
				options.all ? done(null, [{address: '127.0.0.1', family: 4}]) : done(null, '127.0.0.1', 4)
			require('https').get({host, port, lookup}, res => res.pipe(process.stdout))
				.on('error', err => console.log(err.code, err.message))
		`, r.host, r.port)
		cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+r.roots)
		return cmd
	}},
	{"python3", func(r request) *exec.Cmd {
		return exec.Command("python3", "-c", `
import socket, ssl, sys
roots, host, port = sys.argv[1:]
context = ssl.create_default_context(cafile=roots)
context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
try:
    with context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname=host) as server:
        server.sendall(b"GET / HTTP/1.0\r\n\r\n")
        print(server.makefile().read())
except ssl.SSLError as err:
    print(err)
`, r.roots, r.host, r.port)
	}},
	{"openssl", func(r request) *exec.Cmd {
		peer := "-verify_hostname"
		if net.ParseIP(r.host) != nil {
			peer = "-verify_ip"
		}
		cmd := exec.Command("openssl", "s_client", "-connect", "127.0.0.1:"+r.port, "-servername", "localhost",
			"-CAfile", r.roots, "-x509_strict", "-verify_return_error", peer, r.host, "-quiet", "-ign_eof")
		cmd.Stdin = strings.NewReader("GET / HTTP/1.0\r\n\r\n")
		return cmd
	}},
	{"Go", nil},
}

// get runs the client and returns everything that it prints.
func get(t *testing.T, name string, command func(request) *exec.Cmd, r request) string {
	t.Helper()
	if command == nil {
		return getInGo(t, r)
	}
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed: %v", name, err)
	}
	out, _ := command(r).CombinedOutput()
	return string(out)
}

func getInGo(t *testing.T, r request) string {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(readFile(t, r.roots))
	conn, err := tls.Dial("tcp", "127.0.0.1:"+r.port, &tls.Config{RootCAs: roots, ServerName: r.host})
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
	out, _ := io.ReadAll(conn)
	return string(out)
}

func TestClientsTrustTheServerByTheFileAlone(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	a := open(t, dir, c, "acme.example.test")
	port, evilPort := serve(t, a.TLSConfig()), serveEvil(t, dir)

	for _, client := range clients {
		t.Run(client.name, func(t *testing.T) {
			for _, host := range []string{"localhost", "127.0.0.1", "host.docker.internal", "acme.example.test"} {
				if out := get(t, client.name, client.command, request{a.Path(), host, port}); !strings.Contains(out, answer) {
					t.Errorf("%s: %s", host, out)
				}
			}
			out := get(t, client.name, client.command, request{a.Path(), "evil.example", evilPort})
			if strings.Contains(out, answer) {
				t.Error("it trusts evil.example, which the root may not vouch for")
			}
			if !strings.Contains(out, "permitted subtree violation") && !strings.Contains(out, "not permitted by any constraint") {
				t.Errorf("it refuses evil.example for another reason: %s", out)
			}
		})
	}
}

func TestChromiumTrustsTheServerByItsStore(t *testing.T) {
	for _, tool := range []string{"chromium", "certutil"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed (Debian: chromium, libnss3-tools): %v", tool, err)
		}
	}
	dir, c := t.TempDir(), &clock{time.Now()}
	a := open(t, dir, c, "acme.example.test")
	port, evilPort := serve(t, a.TLSConfig()), serveEvil(t, dir)
	home := t.TempDir()
	makeBrowserStore(t, home, ".pki/nssdb")
	runTool(t, home, "certutil", "-d", "sql:"+home+"/.pki/nssdb", "-A", "-t", "C,,", "-n", "tenant0", "-i", a.Path())

	for _, tt := range []struct {
		host, port string
		trusted    bool
	}{
		{"localhost", port, true},
		{"127.0.0.1", port, true},
		{"acme.example.test", port, true},
		{"evil.example", evilPort, false},
	} {
		page := runTool(t, home, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
			"--no-first-run", "--user-data-dir="+filepath.Join(home, "profile"), "--no-proxy-server",
			"--host-resolver-rules=MAP acme.example.test 127.0.0.1, MAP evil.example 127.0.0.1",
			"--dump-dom", "https://"+tt.host+":"+tt.port+"/")
		if strings.Contains(page, answer) != tt.trusted {
			t.Errorf("%s: trusted %t, want %t: %s", tt.host, !tt.trusted, tt.trusted, page)
		}
	}
}

// makeBrowserStore creates the certificate store of a browser's profile in home.
func makeBrowserStore(t *testing.T, home, profile string) {
	t.Helper()
	store := filepath.Join(home, profile)
	if err := os.MkdirAll(store, 0o700); err != nil {
		t.Fatal(err)
	}
	runTool(t, home, "certutil", "-d", "sql:"+store, "-N", "--empty-password")
}

// runTool runs a program with its own home folder and returns its output.
func runTool(t *testing.T, home, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "HOME="+home)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	return string(out)
}
